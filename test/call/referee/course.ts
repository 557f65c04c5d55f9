import type { Arrival } from '../../../src/call/destination.js'
import { COMPLETED_ELSEWHERE, type Ending, endingOfStatus, reasonOf } from '../../../src/call/ending.js'
import type { Effect } from '../../../src/call/effect.js'
import type { CallEvent } from '../../../src/call/event.js'
import type { HoldStyle, Plan, RouteTarget } from '../../../src/call/plan.js'
import type { DialId } from '../../../src/call/ids.js'
import type { State } from '../../../src/call/state.js'
import { check } from './check.js'
import type { Legs } from './legs.js'
import type { Race } from './race.js'

const MOST_TARGETS = 5
const FLOW_REPLACED = 'SIP;cause=430;text="Flow replaced"'

/** Where an event has to take the call. */
export type Verdict =
  | { readonly to: 'same' }
  | { readonly to: 'routing'; readonly target: RouteTarget; readonly because: Ending | null }
  | { readonly to: 'waiting' | 'bridged' }
  | { readonly to: 'connecting'; readonly winner: DialId }
  | { readonly to: 'ended'; readonly ending: Ending }

const SAME: Verdict = { to: 'same' }

const NO_ANSWER: Ending = { cause: 'no-answer', by: 'server', status: 480 }
const UNREACHABLE: Ending = { cause: 'unreachable', by: 'server', status: 480 }
const LOST: Ending = { cause: 'engine-lost', by: 'server', status: 503 }
const DRAINED: Ending = { cause: 'drained', by: 'server', status: 503 }
const NOT_JOINED: Ending = { cause: 'connect-failed', by: 'server', status: 500 }
const NO_MEDIA: Ending = { cause: 'media-timeout', by: 'server', status: 200 }

/** The way of a call from phase to phase: which event leads where, and with what ending. */
export class Course {
  phase: State['phase'] = 'new'
  winner: DialId | null = null
  ending: Ending | null = null
  plan: Plan | null = null
  targets = 0
  private target: RouteTarget | null = null
  private style: HoldStyle | null = null
  private arrived: Arrival[] = []
  held = false
  private alerted = false
  private due: string[] = []
  private reason = FLOW_REPLACED

  constructor(
    private readonly legs: Legs,
    private readonly race: Race,
  ) {}

  /** `timer`: the name of the one that fired, if it was no stale one. */
  heard(event: CallEvent, timer: string | undefined): void {
    const verdict = this.verdict(event, timer)
    if (timer === 'reassure') this.due.push('reassure')
    this.follow(verdict)
  }

  private verdict(event: CallEvent, timer: string | undefined): Verdict {
    switch (this.phase) {
      case 'new':
        if (event.type !== 'invited') return SAME
        this.style = event.hold
        return { to: 'routing', target: event.target, because: null }
      case 'routing':
        return this.whatEndsAny(event) ?? this.whileUndecided(event) ?? this.whileRouting(event)
      case 'waiting':
        return this.whatEndsAny(event) ?? this.whileUndecided(event) ?? this.whileWaiting(event, timer)
      case 'accepted':
        return SAME
      case 'connecting':
        return this.whatEndsAny(event) ?? this.whileConnecting(event, timer)
      case 'bridged':
        return this.whatEndsAny(event) ?? this.whileBridged(event)
      case 'ended':
        return SAME
    }
  }

  private whatEndsAny(event: CallEvent): Verdict | undefined {
    const status = this.phase === 'bridged' ? 200 : 503
    switch (event.type) {
      case 'media-lost':
        return ended({ ...LOST, status })
      case 'drained':
        return ended({ ...DRAINED, status })
      case 'signaling-lost':
        return event.legs.some((l) => l === 'caller' || l === this.winner)
          ? ended({ ...LOST, status })
          : undefined
      case 'caller-cancelled':
        return this.phase === 'bridged'
          ? undefined
          : ended({ cause: 'cancelled', by: 'caller', status: 487, ...carried(event.reason) })
      case 'hold-failed':
        return this.phase === 'bridged' ? undefined : ended(event.ending)
      default:
        return undefined
    }
  }

  private whileUndecided(event: CallEvent): Verdict | undefined {
    switch (event.type) {
      case 'dial-answered':
        return this.legs.isOpen(event.dial) ? { to: 'connecting', winner: event.dial } : SAME
      case 'push-delivered':
        this.race.pushDelivered(event.attempt)
        return undefined
      case 'push-refused':
        this.race.pushRefused(event.attempt)
        return undefined
      default:
        return undefined
    }
  }

  private whileRouting(event: CallEvent): Verdict {
    if (event.type === 'route-failed') return ended(event.ending)
    if (event.type === 'registered') this.arrived.push(event)
    if (event.type !== 'routed') return SAME
    this.plan = event.plan
    this.race.begin(event.plan.destinations, this.arrived)
    return this.race.everybodyIsOut() ? this.nobody(this.outcome()) : { to: 'waiting' }
  }

  private whileWaiting(event: CallEvent, timer: string | undefined): Verdict {
    switch (event.type) {
      case 'registered':
        this.race.registered(event)
        break
      case 'dial-progressed':
        this.race.progressed(event.dial)
        this.alert(event.dial, event.status)
        break
      case 'dial-failed':
        // 6xx is the user's word for all of its phones (RFC 3261 §21.6).
        if (this.race.dialFailed(event.dial, event.status) && event.status >= 600) {
          return ended({ ...endingOfStatus(event.status, 'callee'), ...carried(event.reason) })
        }
        break
      case 'signaling-lost':
        for (const leg of event.legs) if (leg !== 'caller') this.race.dialFailed(leg as DialId, 503)
        break
      case 'timer':
        if (timer === 'hold') return this.nobody(NO_ANSWER)
        if (timer?.startsWith('grace:') === true)
          this.race.graceOver(timer.slice('grace:'.length) as `a${number}`)
        break
      default:
        break
    }
    return this.race.everybodyIsOut() ? this.nobody(this.outcome()) : SAME
  }

  private whileConnecting(event: CallEvent, timer: string | undefined): Verdict {
    if (event.type === 'connected') return { to: 'bridged' }
    if (event.type === 'connect-failed') return ended(event.ending)
    if (event.type === 'leg-closed' && event.leg === 'caller') {
      return ended({ cause: 'hung-up', by: 'caller', status: 200, ...carried(event.reason) })
    }
    if (event.type === 'leg-closed' && event.leg === this.winner) {
      return ended({ cause: 'hung-up', by: 'callee', status: 480, ...carried(event.reason) })
    }
    return timer === 'connect' ? ended(NOT_JOINED) : SAME
  }

  private whileBridged(event: CallEvent): Verdict {
    if (event.type === 'media-timeout') return ended(NO_MEDIA)
    if (event.type !== 'leg-closed' || (event.leg !== 'caller' && event.leg !== this.winner)) return SAME
    const by = event.leg === 'caller' ? 'caller' : 'callee'
    return ended({ cause: 'hung-up', by, status: 200, ...carried(event.reason) })
  }

  /** A queued caller hears 180 once, when the first device rings. */
  private alert(id: DialId, status: number): void {
    const leg = this.legs.all.get(id)
    if (leg?.phase !== 'progressing' || leg.cancelled || (status !== 180 && status !== 183)) return
    if (!this.alerted && this.style === 'queued') this.due.push('alert')
    this.alerted = true
  }

  private nobody(how: Ending): Verdict {
    const { otherwise } = this.plan ?? { otherwise: { kind: 'outcome' as const } }
    switch (otherwise.kind) {
      case 'outcome':
        return ended(how)
      case 'status':
        return ended(endingOfStatus(otherwise.status, 'server'))
      case 'target':
        if (this.targets >= MOST_TARGETS) return ended(how)
        return { to: 'routing', target: otherwise.target, because: how }
    }
  }

  /** What the destinations came to: busy tells more than any other answer, and any answer more than none. */
  private outcome(): Ending {
    const finals = this.race.finals()
    const told = finals.find((s) => s >= 600) ?? finals.find((s) => s === 486) ?? finals[0]
    return told === undefined ? UNREACHABLE : endingOfStatus(told, 'callee')
  }

  private follow(verdict: Verdict): void {
    switch (verdict.to) {
      case 'same':
        return
      case 'routing':
        this.targets++
        this.target = verdict.target
        this.arrived = []
        this.due.push(`route ${JSON.stringify(verdict.target)} after ${described(verdict.because)}`)
        if (verdict.because !== null) {
          this.race.dismiss(null, verdict.because.status)
          this.reason = reasonOf(verdict.because)
        }
        break
      case 'waiting':
        this.reason = FLOW_REPLACED
        if (!this.held) this.due.push(`hold ${this.style}`)
        this.held = true
        break
      case 'connecting':
        this.winner = verdict.winner
        this.due.push(`connect ${verdict.winner}`)
        this.race.dismiss(verdict.winner, 480)
        this.reason = COMPLETED_ELSEWHERE
        break
      case 'bridged':
        break
      case 'ended':
        this.ending = verdict.ending
        this.due.push(`end ${described(verdict.ending)}`)
        this.race.dismiss(this.winner, verdict.ending.status)
        this.reason = reasonOf(verdict.ending)
        break
    }
    this.phase = verdict.to
  }

  judge(state: State, effects: readonly Effect[], released: boolean): void {
    const asked = effects
      .flatMap((e) => words(e))
      .sort()
      .join(', ')
    const due = this.due.sort().join(', ')
    this.due = []
    check(asked === due, 'an event leads where it should', `[${asked}], not [${due}]`)
    check(
      state.phase === this.phase,
      'the call is in the phase that it should be in',
      `${state.phase}, not ${this.phase}`,
    )
    if (state.phase === 'routing')
      check(state.target === this.target, 'the state says what is being looked up')
    if (state.phase === 'ended') check(state.released === released, 'the state says whether it is released')
    for (const effect of effects) {
      if (effect.type === 'cancel-dial' || effect.type === 'hang-up' || effect.type === 'tell-ending') {
        check(
          effect.reason === this.reason,
          'a leg is ended with the reason',
          `${effect.reason}, not ${this.reason}`,
        )
      }
      if (effect.type === 'reject-caller') {
        check(described(effect.ending) === described(this.ending), 'the caller gets the status of the ending')
      }
    }
  }
}

function ended(ending: Ending): Verdict {
  return { to: 'ended', ending }
}

function carried(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason }
}

function described(ending: Ending | null): string {
  return `${ending?.cause} by ${ending?.by} ${ending?.status} ${ending?.reason}`
}

function words(effect: Effect): string[] {
  switch (effect.type) {
    case 'route':
      return [`route ${JSON.stringify(effect.target)} after ${described(effect.after)}`]
    case 'hold':
      return [`hold ${effect.style}`]
    case 'connect':
      return [`connect ${effect.leg}`]
    case 'alert-caller':
      return ['alert']
    case 'reassure-caller':
      return ['reassure']
    case 'end':
      check(!('reason' in effect.ending) || effect.ending.reason !== undefined, 'a reason is there or is not')
      return [`end ${described(effect.ending)}`]
    default:
      return []
  }
}
