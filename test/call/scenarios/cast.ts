import type { DialTarget } from '../../../src/call/destination.js'
import type { Effect } from '../../../src/call/effect.js'
import type { Performance, SoundRef } from '../../../src/call/performance.js'
import type { CallEvent } from '../../../src/call/event.js'
import type { ArrivingId, AttemptId, DialId, LegId, PerformanceId, TimerId } from '../../../src/call/ids.js'
import type { State, TimerName } from '../../../src/call/state.js'
import type { Transition } from '../referee/check.js'
import { Referee } from '../referee/referee.js'
import { OUTSIDE } from '../vocabulary.js'

/** Plays a call step by step, and knows everybody in it by name. */
export class Cast {
  private readonly referee: Referee
  private readonly performances: PerformanceId[] = []
  private readonly attempts = new Map<AttemptId, string>()

  constructor(transition: Transition) {
    this.referee = new Referee(transition)
  }

  get state(): State {
    return this.referee.state
  }

  /** Lets something happen, and says in words what the machine asks for; timers are left to the referee. */
  play(happening: (cast: this) => CallEvent): readonly string[] {
    const effects = this.referee.feed(happening(this))
    for (const effect of effects) {
      if (effect.type === 'perform') this.performances.push(effect.id)
      if (effect.type === 'wake') this.attempts.set(effect.attempt, effect.deviceId)
      if (effect.type === 'dial') this.attempts.set(effect.attempt, nameOf(effect.target))
    }
    return effects.flatMap((e) => this.words(e))
  }

  /** `stranger` has no part in the call; `alice before` is what became of alice in an earlier step. */
  attempt(name: string): AttemptId {
    if (name === 'stranger') return 'a999'
    const [who, before] = name.split(' ')
    const all = [...this.attempts].flatMap(([id, called]) => (called === who ? [id] : []))
    return known(all.at(before === undefined ? -1 : -2), `attempt of ${name}`)
  }

  /** The last INVITE to a phone, or the one on a flow. */
  dial(name: string, flow?: number): DialId {
    const legs = [...this.referee.legs.all.values()]
    const called = flow === undefined ? name : `${name} on flow ${flow}`
    const leg = legs.findLast(
      ({ target }) => target !== null && (nameOf(target) === called || placeOf(target) === called),
    )
    return known(leg, `INVITE to ${called}`).id as DialId
  }

  /** `alice's own` is the leg that alice's device opened. */
  leg(name: string): LegId {
    if (name === 'caller') return name
    const own = [...this.referee.legs.all.keys()].findLast((id) => this.legName(id) === name)
    return own ?? this.dial(name)
  }

  /** The last leg that arrived. */
  arrived(): ArrivingId {
    const own = [...this.referee.legs.all.values()].findLast(({ target }) => target === null)
    return known(own, 'leg that arrived').id as ArrivingId
  }

  /** The id of the next leg that arrives. */
  arriving(): ArrivingId {
    const arrived = [...this.referee.legs.all.values()].filter(({ target }) => target === null)
    return `i${arrived.length + 1}`
  }

  timer(name: TimerName): TimerId {
    return known(
      [...this.referee.timers.running].find((id) => id.startsWith(`${name}#`)),
      `${name} timer`,
    )
  }

  performance(which: 'now' | 'before'): PerformanceId {
    return known(this.performances.at(which === 'now' ? -1 : -2), 'performance')
  }

  staleTimer(): TimerId {
    return known(this.referee.timers.stale.at(-1), 'stale timer')
  }

  /** Where our INVITE went. */
  private target(dial: DialId): DialTarget {
    return known(this.referee.legs.all.get(dial)?.target ?? undefined, dial)
  }

  private legName(leg: LegId): string {
    if (leg === 'caller') return leg
    const { target, attempt } = known(this.referee.legs.all.get(leg), leg)
    return target === null ? `${this.nameOfAttempt(attempt)}'s own` : nameOf(target)
  }

  private nameOfAttempt(id: AttemptId): string {
    return this.attempts.get(id) ?? 'stranger'
  }

  private words(effect: Effect): string[] {
    switch (effect.type) {
      case 'route':
        return [`look up ${Object.values(effect.target).join(' ')}`]
      case 'hold':
        return [`hold the caller: ${effect.style}`]
      case 'reassure-caller':
        return ['repeat the provisional']
      case 'alert-caller':
        return ['180 to the caller']
      case 'tell-caller-accepted':
        return ['connecting tone to the caller']
      case 'answer-caller':
        return ['200 to the caller, ahead of a device']
      case 'perform':
        return [`perform: ${wordsOf(effect.performance)}`]
      case 'stop-performing':
        return ['stop performing']
      case 'ring-back':
        return ['ringback to the caller']
      case 'instruct-primary':
        return ['the cell phone is to reject']
      case 'comfort':
        return [`comfort audio to ${this.legName(effect.leg)}`]
      case 'announce':
        return [`no caller has come for ${this.legName(effect.leg)}`]
      case 'wake':
        return [`push ${effect.deviceId}`]
      case 'stop-wake':
        return [`stop pushing ${this.nameOfAttempt(effect.attempt)}`]
      case 'dial':
        return [`INVITE ${placeOf(effect.target)}`]
      case 'cancel-dial':
        return [`CANCEL ${placeOf(this.target(effect.dial))}: ${short(effect.reason)}`]
      case 'connect':
        return [`join ${this.legName(effect.leg)}`]
      case 'hang-up':
        return [`BYE ${this.legName(effect.leg)}: ${short(effect.reason)}`]
      case 'reject-caller':
        return [`${effect.ending.status} to the caller`]
      case 'tell-ending':
        return [`tell ${effect.deviceId}: ${short(effect.reason)}`]
      case 'end': {
        const { cause, by, status } = effect.ending
        return [`ended: ${cause} by ${by} ${status}`]
      }
      case 'release':
        return [['released', ...effect.leaked.map((leg) => this.legName(leg))].join(' without ')]
      case 'start-timer':
      case 'stop-timer':
        return []
    }
  }
}

function wordsOf(performance: Performance): string {
  switch (performance.kind) {
    case 'play':
      return `play ${performance.sounds.map(soundName).join(' ')}`
    case 'gather':
      return `gather ${performance.maxDigits} digits`
    case 'pause':
      return `pause ${performance.ms} ms`
  }
}

function soundName(sound: SoundRef): string {
  return sound.kind === 'file' ? sound.path : sound.name
}

function nameOf(target: DialTarget): string {
  return target.kind === 'outside' ? outside(target.uri) : target.contact.bindingId.replace(/^b-/, '')
}

function outside(uri: string): string {
  return uri === OUTSIDE.uri ? 'outside' : uri
}

function placeOf(target: DialTarget): string {
  if (target.kind === 'outside') return outside(target.uri)
  return `${nameOf(target)} on flow ${target.contact.flow.split('/').at(-1)}`
}

/** The text of a Reason header, where it has one. */
function short(reason: string): string {
  return /text="(.*)"/.exec(reason)?.[1] ?? reason
}

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the scenario has no ${what}`)
  return value
}
