import { isDeepStrictEqual } from 'node:util'
import type { Effect } from '../../../src/call/effect.js'
import type { CallEvent } from '../../../src/call/event.js'
import { NEW, type State } from '../../../src/call/state.js'
import { check, type Transition, Violation } from './check.js'
import { Course } from './course.js'
import { Legs } from './legs.js'
import { Primary } from './primary.js'
import { Race } from './race.js'
import { Stage } from './stage.js'
import { Timers } from './timers.js'

/**
 * Feeds a call its events and holds the machine to what it promises, whatever their order. It knows the call only
 * from the outside: by the events that came and the effects that were asked.
 */
export class Referee {
  state: State = NEW
  readonly legs = new Legs()
  readonly race = new Race(this.legs)
  readonly primary = new Primary(this.legs, this.race)
  readonly stage = new Stage(this.legs)
  readonly course = new Course(this.legs, this.race, this.primary, this.stage)
  readonly timers = new Timers()
  released = false
  private readonly journal: unknown[] = []

  constructor(private readonly transition: Transition) {}

  feed(event: CallEvent): readonly Effect[] {
    this.journal.push([this.state.phase, event])
    try {
      return this.step(event)
    } catch (error) {
      throw this.blame(error)
    }
  }

  private step(event: CallEvent): readonly Effect[] {
    const wasReleased = this.released
    const timer = event.type === 'timer' ? this.timers.fire(event.id) : undefined
    const answered = this.legs.caller === 'open'
    const { running } = this.stage
    this.legs.heard(event)
    this.stage.heard(event)
    this.course.heard(event, timer, answered, running)
    this.primary.heard(event, timer)
    const { state, effects } = this.transition(this.state, event)
    this.state = state
    for (const effect of effects) {
      this.journal.push(effect)
      // A leg that arrives then would ring on for ever.
      const arrived = event.type === 'leg-arrived' && effect.type === 'hang-up' && effect.leg === event.leg
      check(!this.released || arrived, 'nothing is asked after the release', effect.type)
      this.stage.asked(effect)
      this.legs.asked(effect)
      this.timers.asked(effect, this.times)
      if (effect.type === 'release') this.release(effect.leaked, timer)
    }
    this.race.judge(effects)
    this.course.judge(state, effects, this.released)
    this.primary.judge(state.phase, effects)
    if (!wasReleased) this.settled(timer)
    return effects
  }

  private get times(): Parameters<Timers['asked']>[1] {
    const { patienceMs } = this.primary
    const limitMs = this.course.directed?.limitMs ?? NaN
    return { ringMs: NaN, graceMs: NaN, secondResponseMs: NaN, ...this.course.plan, patienceMs, limitMs }
  }

  /** An event that says nothing to the call in this phase. */
  noise(event: CallEvent): void {
    const before = this.state
    const effects = this.feed(event)
    const same = effects.length === 0 && isDeepStrictEqual(this.state, before)
    this.promise(same, 'what means nothing changes nothing')
  }

  /** A promise about the call as a whole, told with everything that has happened to it. */
  promise(holds: boolean, what: string, about = ''): void {
    try {
      check(holds, what, about)
    } catch (error) {
      throw this.blame(error)
    }
  }

  private settled(timer: string | undefined): void {
    const { phase, winner, accepter } = this.course
    if (this.released) return this.timers.settled([])
    const { state, legs } = this
    check(state.phase === 'new' || state.caller === legs.caller, "the state says how the caller's leg stands")
    this.legs.settled(phase, winner, accepter)
    this.timers.settled(this.dueTimers())
    if (phase !== 'ended') return
    check(timer !== 'settle', 'a call whose legs never close is released all the same')
    check(this.legs.openIds().length > 0, 'a call is released as soon as nothing of it is open')
  }

  private dueTimers(): readonly string[] {
    switch (this.course.phase) {
      case 'routing':
        return this.callersTimers()
      case 'performing':
        return ['perform', ...this.callersTimers()]
      case 'waiting':
        return ['hold', ...this.race.graces(), ...this.callersTimers()]
      case 'accepted':
        return ['second-response', ...this.callersTimers()]
      case 'expecting':
        return this.primary.timers()
      case 'connecting':
        return ['connect']
      case 'ended':
        return ['settle']
      case 'new':
      case 'bridged':
        return []
    }
  }

  private callersTimers(): readonly string[] {
    return [...(this.course.hearing.reassured ? ['reassure'] : []), ...this.primary.timers()]
  }

  private release(leaked: readonly string[], timer: string | undefined): void {
    this.released = true
    const open = this.legs.openIds()
    check(open.length === 0 || timer === 'settle', 'a leg is given up only after its time', open.join())
    check(
      isDeepStrictEqual([...leaked].sort(), [...open].sort()),
      'what never closed is named',
      leaked.join(),
    )
  }

  private blame(error: unknown): Violation {
    const message = error instanceof Error ? error.message : String(error)
    const journal = this.journal.map((entry) => JSON.stringify(entry)).join('\n')
    return new Violation(`${message}\n${journal}`, { cause: error })
  }
}
