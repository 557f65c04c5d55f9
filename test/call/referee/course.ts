import type { Arrival } from '../../../src/call/destination.js'
import { COMPLETED_ELSEWHERE, type Ending, endingOfStatus, reasonOf } from '../../../src/call/ending.js'
import type { Effect } from '../../../src/call/effect.js'
import type { CallEvent } from '../../../src/call/event.js'
import type { Plan, RouteTarget } from '../../../src/call/plan.js'
import type { AttemptId, DeviceLegId, DialId } from '../../../src/call/ids.js'
import type { State } from '../../../src/call/state.js'
import { check } from './check.js'
import type { Legs } from './legs.js'
import type { Primary } from './primary.js'
import type { Race } from './race.js'
import { Hearing } from './hearing.js'
import type { Stage } from './stage.js'
import { described, words } from './words.js'

const MOST_TARGETS = 5
const FLOW_REPLACED = 'SIP;cause=430;text="Flow replaced"'

type Directed = Extract<CallEvent, { type: 'directed' }>

/** Where an event has to take the call. */
type Verdict =
  | { readonly to: 'same' }
  | { readonly to: 'routing'; readonly target: RouteTarget; readonly because: Ending | null }
  | { readonly to: 'performing'; readonly directed: Directed }
  | { readonly to: 'waiting' | 'bridged' }
  | { readonly to: 'accepted'; readonly accepter: AttemptId }
  | { readonly to: 'expecting' | 'connecting'; readonly winner: DeviceLegId }
  | { readonly to: 'ended'; readonly ending: Ending }

const SAME: Verdict = { to: 'same' }

const NO_ANSWER: Ending = { cause: 'no-answer', by: 'server', status: 480 }
const NO_SECOND_RESPONSE: Ending = { cause: 'no-second-response', by: 'server', status: 480 }
const UNREACHABLE: Ending = { cause: 'unreachable', by: 'server', status: 480 }
const LOST: Ending = { cause: 'engine-lost', by: 'server', status: 503 }
const DRAINED: Ending = { cause: 'drained', by: 'server', status: 503 }
const NOT_JOINED: Ending = { cause: 'connect-failed', by: 'server', status: 500 }
const ON_PRIMARY: Ending = { cause: 'answered-on-primary', by: 'callee', status: 200 }
const NOT_REJECTED: Ending = { cause: 'failed', by: 'callee', status: 500 }
const NOT_FORWARDED: Ending = { cause: 'not-forwarded', by: 'server', status: 480 }
const GIVEN_UP: Ending = { cause: 'cancelled', by: 'caller', status: 487 }
const FAILED: Ending = { cause: 'failed', by: 'server', status: 500 }
const NO_MEDIA: Ending = { cause: 'media-timeout', by: 'server', status: 200 }

/** The way of a call from phase to phase: which event leads where, and with what ending. */
export class Course {
  phase: State['phase'] = 'new'
  winner: DeviceLegId | null = null
  accepter: AttemptId | null = null
  ending: Ending | null = null
  plan: Plan | null = null
  targets = 0
  /** What the caller is to hear. */
  directed: Directed | null = null
  readonly hearing: Hearing
  private target: RouteTarget | null = null
  private arrivals: Arrival[] = []
  private deliberating = false
  private wasRunning: string | null = null
  private due: string[] = []
  private reason = COMPLETED_ELSEWHERE
  /** Those whose user has said no in this step hear that, whatever comes of the call. */
  private silenced: { readonly attempts: readonly AttemptId[]; readonly reason: string } | null = null

  constructor(
    private readonly legs: Legs,
    private readonly race: Race,
    private readonly primary: Primary,
    stage: Stage,
  ) {
    this.hearing = new Hearing(legs, stage)
  }

  /**
   * `timer`: the name of the one that fired, if it was no stale one. `answered`: the caller had its 200 before.
   * `running`: what was performed until now.
   */
  heard(event: CallEvent, timer: string | undefined, answered: boolean, running: string | null): void {
    this.silenced = null
    this.wasRunning = running
    if (this.phase !== 'ended')
      this.reason = event.type === 'registered' ? FLOW_REPLACED : COMPLETED_ELSEWHERE
    const verdict = this.verdict(event, timer)
    if (timer === 'reassure') this.hearing.reassure()
    this.follow(verdict, answered || (event.type === 'leg-closed' && event.leg === 'caller'))
  }

  private verdict(event: CallEvent, timer: string | undefined): Verdict {
    switch (this.phase) {
      case 'new':
        if (event.type !== 'invited' && event.type !== 'reported') return SAME
        this.hearing.begin(event)
        return { to: 'routing', target: event.target, because: null }
      case 'routing':
        return this.whatEndsAny(event, timer) ?? this.whileRouting(event)
      case 'performing':
        return this.whatEndsAny(event, timer) ?? this.whilePerforming(event, timer)
      case 'waiting':
        return this.whatEndsAny(event, timer) ?? this.whileWaiting(event, timer)
      case 'accepted':
        return this.whatEndsAny(event, timer) ?? this.whileAccepted(event, timer)
      case 'expecting':
        return this.whatEndsAny(event, timer) ?? this.whileExpecting(event)
      case 'connecting':
        return this.whatEndsAny(event, timer) ?? this.whileConnecting(event, timer)
      case 'bridged':
        return this.whatEndsAny(event, timer) ?? this.whileBridged(event)
      case 'ended':
        return SAME
    }
  }

  private whatEndsAny(event: CallEvent, timer: string | undefined): Verdict | undefined {
    // There is nobody yet who could have done so.
    if (this.legs.caller === 'expected') return this.endOfExpected(event, timer) ?? this.endOfServer(event)
    return this.endOfCaller(event) ?? this.endOfServer(event)
  }

  private endOfExpected(event: CallEvent, timer: string | undefined): Verdict | undefined {
    switch (event.type) {
      case 'primary-answered':
        return ended(ON_PRIMARY)
      case 'primary-failed':
        return ended(NOT_REJECTED)
      case 'primary-ended':
        return this.primary.forwardDue ? undefined : ended(GIVEN_UP)
      default:
        if (timer === 'farewell') return ended(NOT_FORWARDED)
        if (timer !== 'forward') return undefined
        if (this.phase !== 'expecting') return ended(NOT_FORWARDED)
        this.due.push(`announce ${this.winner}`)
        return undefined
    }
  }

  private endOfServer(event: CallEvent): Verdict | undefined {
    const bridged = this.phase === 'bridged'
    const status = bridged ? 200 : 503
    switch (event.type) {
      case 'media-lost':
        return ended({ ...LOST, status })
      case 'drained':
        return ended({ ...DRAINED, status })
      case 'signaling-lost':
        return event.legs.some((l) => l === 'caller' || l === this.winner)
          ? ended({ ...LOST, status })
          : undefined
      default:
        return undefined
    }
  }

  private endOfCaller(event: CallEvent): Verdict | undefined {
    switch (event.type) {
      case 'leg-closed': {
        if (event.leg !== 'caller') return undefined
        const bridged = this.phase === 'bridged'
        // A phone that talked hears of a BYE, a phone that rang of a call that was missed.
        const told = bridged || this.phase === 'connecting' ? 200 : 487
        return ended({ cause: 'hung-up', by: 'caller', status: told, ...carried(event.reason) })
      }
      case 'caller-cancelled':
        return this.legs.caller === 'open'
          ? undefined
          : ended({ cause: 'cancelled', by: 'caller', status: 487, ...carried(event.reason) })
      case 'hold-failed':
        return this.legs.caller === 'open' ? undefined : ended(event.ending)
      default:
        return undefined
    }
  }

  /** An INVITE is answered once, and not after its BYE. */
  private answered(id: DialId): Verdict {
    const leg = this.legs.all.get(id)
    return leg?.phase === 'answered' && !leg.hungUp ? this.taken(id) : SAME
  }

  private arrived(id: DeviceLegId): Verdict {
    return this.legs.newcomer === id ? this.taken(id) : SAME
  }

  /** A device has the call, and its caller if that is there. */
  private taken(winner: DeviceLegId): Verdict {
    return { to: this.legs.caller === 'expected' ? 'expecting' : 'connecting', winner }
  }

  private whileRouting(event: CallEvent): Verdict {
    // Whoever was asked by instructions that have heard what came of it comes too late.
    if (event.type === 'dial-answered') return this.race.isPast(event.dial) ? SAME : this.answered(event.dial)
    if (event.type === 'route-failed') return ended(event.ending)
    if (event.type === 'deliberating') {
      this.deliberating = true
      this.hearing.holdOnce()
    }
    if (event.type === 'forwarded' && this.legs.callerCame && this.deliberating) this.hearing.holdOnce()
    if (event.type === 'directed') {
      return this.legs.caller === 'expected' ? ended(NO_ANSWER) : { to: 'performing', directed: event }
    }
    if (event.type === 'registered') this.arrivals.push(event)
    if (event.type !== 'routed') return SAME
    this.plan = event.plan
    this.race.begin(event.plan, this.arrivals)
    return this.race.everybodyIsOut() ? this.nobody(this.outcome()) : { to: 'waiting' }
  }

  private whilePerforming(event: CallEvent, timer: string | undefined): Verdict {
    if (this.directed === null) return SAME
    const { next, performance } = this.directed
    // What is over is running no more.
    if (event.type === 'performed')
      return this.wasRunning === event.performance ? this.goOn(next, null) : SAME
    if (timer === 'perform') return this.goOn(next, null)
    this.hearing.perform(performance)
    return SAME
  }

  private whileWaiting(event: CallEvent, timer: string | undefined): Verdict {
    switch (event.type) {
      case 'dial-answered':
        return this.race.isPast(event.dial) ? SAME : this.answered(event.dial)
      case 'registered':
        this.race.registered(event)
        break
      case 'push-delivered':
        this.race.pushDelivered(event.attempt)
        break
      case 'push-refused':
        this.race.pushRefused(event.attempt)
        break
      case 'dial-progressed':
        this.progressed(event.dial, event.status)
        break
      case 'dial-failed': {
        const speaker = this.race.dialFailed(event.dial, event.status)
        // 6xx is the user's word for all of its phones (RFC 3261 §21.6).
        if (speaker !== null && event.status >= 600) return this.refused(speaker, event)
        break
      }
      case 'forwarded':
        if (this.legs.callerCame) this.hearing.greet(this.plan)
        return SAME
      case 'caller-answered':
        this.hearing.ringBack()
        return SAME
      case 'accepted':
        return this.race.maySpeak(event.attempt) ? { to: 'accepted', accepter: event.attempt } : SAME
      case 'declined':
        return this.race.maySpeak(event.attempt) ? this.declined(event) : SAME
      case 'leg-arrived':
        return this.race.maySpeak(event.attempt) ? this.arrived(event.leg) : SAME
      case 'signaling-lost':
        for (const leg of event.legs) if (leg !== 'caller') this.race.dialFailed(leg, 503)
        break
      case 'timer':
        if (timer === 'hold') return this.nobody(NO_ANSWER)
        if (timer?.startsWith('grace:') === true)
          this.race.graceOver(timer.slice('grace:'.length) as AttemptId)
        break
      default:
        break
    }
    return this.race.everybodyIsOut() ? this.nobody(this.outcome()) : SAME
  }

  private whileAccepted(event: CallEvent, timer: string | undefined): Verdict {
    const { accepter } = this
    switch (event.type) {
      case 'registered':
        this.race.awaitedRegisters(accepter, event)
        return SAME
      case 'dial-progressed':
        this.progressed(event.dial, event.status)
        return SAME
      case 'dial-answered':
        return this.legs.all.get(event.dial)?.attempt === accepter ? this.answered(event.dial) : SAME
      case 'forwarded':
        if (!this.legs.callerCame) return SAME
        this.hearing.comesToAccepted(this.plan)
        return SAME
      case 'leg-arrived':
        return event.attempt === accepter ? this.arrived(event.leg) : SAME
      case 'declined':
        return event.attempt === accepter ? this.declined(event) : SAME
      case 'dial-failed': {
        const speaker = this.race.dialFailed(event.dial, event.status)
        const over = this.race.overFor(speaker)
        if (speaker === null || over === null) return SAME
        return event.status >= 600
          ? this.refused(speaker, event)
          : this.nobody({ ...endingOfStatus(over.status, 'callee'), ...carried(event.reason) })
      }
      case 'signaling-lost': {
        for (const leg of event.legs) if (leg !== 'caller') this.race.dialFailed(leg, 503)
        const over = this.race.overFor(accepter)
        return over === null ? SAME : this.nobody(endingOfStatus(over.status, 'callee'))
      }
      default:
        return timer === 'second-response' ? this.unconnected() : SAME
    }
  }

  private whileExpecting(event: CallEvent): Verdict {
    const { winner } = this
    if (event.type === 'forwarded' && winner !== null) return { to: 'connecting', winner }
    if (event.type !== 'leg-closed' || event.leg !== winner) return SAME
    return ended({ cause: 'hung-up', by: 'callee', status: 480, ...carried(event.reason) })
  }

  private whileConnecting(event: CallEvent, timer: string | undefined): Verdict {
    if (event.type === 'connected') return { to: 'bridged' }
    if (event.type === 'connect-failed') return ended(event.ending)
    if (event.type === 'leg-closed' && event.leg === this.winner) {
      return ended({ cause: 'hung-up', by: 'callee', status: 480, ...carried(event.reason) })
    }
    return timer === 'connect' ? ended(NOT_JOINED) : SAME
  }

  private whileBridged(event: CallEvent): Verdict {
    if (event.type === 'media-timeout') return ended(NO_MEDIA)
    if (event.type !== 'leg-closed' || event.leg !== this.winner) return SAME
    const how: Ending = { cause: 'hung-up', by: 'callee', status: 200, ...carried(event.reason) }
    const goesOn = this.race.goesOn(event.leg)
    return goesOn === null ? ended(how) : this.goOn(goesOn, how)
  }

  private declined({ attempt, redirect, ...said }: Extract<CallEvent, { type: 'declined' }>): Verdict {
    this.race.spoke(attempt)
    if (redirect === undefined) return this.refused(attempt, said)
    this.silence(attempt, said)
    const how = { ...endingOfStatus(said.status, 'callee'), ...carried(said.reason) }
    return this.goOn(redirect, how)
  }

  /** A user's no: for all of its own phones, and for the call where nobody else is to be asked. */
  private refused(attempt: AttemptId, said: { status: number; reason?: string }): Verdict {
    const how = { ...endingOfStatus(said.status, 'callee'), ...carried(said.reason) }
    const user = this.silence(attempt, said)
    const { users } = this.plan ?? { users: [] }
    const next = this.plan?.otherwise.kind === 'target' ? this.plan.otherwise.target : null
    const inTurn = isMember(this.target) || isMember(next)
    if (!inTurn && (users.length === 0 || users.length === 1) && (user === null || user === users[0])) {
      return ended(how)
    }
    if (this.phase === 'accepted') return this.nobody(how)
    return this.race.everybodyIsOut() ? this.nobody(this.outcome()) : SAME
  }

  /** Returns the user who said no; null for a number outside. */
  private silence(attempt: AttemptId, said: { status: number; reason?: string }): string | null {
    const how = { ...endingOfStatus(said.status, 'callee'), ...carried(said.reason) }
    const user = this.race.refuses(attempt)
    this.silenced = { attempts: this.race.silence(user, said.status), reason: reasonOf(how) }
    return user
  }

  private progressed(id: DialId, status: number): void {
    this.race.progressed(id)
    const leg = this.legs.all.get(id)
    if (leg?.phase !== 'progressing' || leg.cancelled || (status !== 180 && status !== 183)) return
    this.hearing.rings()
  }

  private unconnected(): Verdict {
    const otherwise = this.plan?.otherwise
    return otherwise?.kind === 'target'
      ? this.goOn(otherwise.target, NO_SECOND_RESPONSE)
      : ended(NO_SECOND_RESPONSE)
  }

  private nobody(how: Ending): Verdict {
    const { otherwise } = this.plan ?? { otherwise: { kind: 'outcome' as const } }
    switch (otherwise.kind) {
      case 'outcome':
        return ended(how)
      case 'status':
        return ended(endingOfStatus(otherwise.status, 'server'))
      case 'target':
        return this.goOn(otherwise.target, how)
    }
  }

  private goOn(target: RouteTarget, because: Ending | null): Verdict {
    const farEnough = this.targets >= MOST_TARGETS && !isMember(target)
    return farEnough ? ended(because ?? FAILED) : { to: 'routing', target, because }
  }

  /** What the destinations came to: busy tells more than any other answer, and any answer more than none. */
  private outcome(): Ending {
    const finals = this.race.finals()
    const told = finals.find((s) => s >= 600) ?? finals.find((s) => s === 486) ?? finals[0]
    return told === undefined ? UNREACHABLE : endingOfStatus(told, 'callee')
  }

  private follow(verdict: Verdict, answered: boolean): void {
    switch (verdict.to) {
      case 'same':
        return
      case 'routing':
        this.hearing.hush()
        if (!isMember(verdict.target)) this.targets++
        this.target = verdict.target
        this.arrivals = []
        this.due.push(`route ${JSON.stringify(verdict.target)} after ${described(verdict.because)}`)
        if (verdict.because !== null) {
          this.race.dismiss(null, verdict.because.status)
          this.reason = reasonOf(verdict.because)
        }
        if (this.winner !== null || verdict.target.kind === 'instructions') this.race.pass()
        this.winner = null
        this.deliberating = false
        break
      case 'performing':
        this.directed = verdict.directed
        this.hearing.direct(verdict.directed.performance, verdict.directed.answer)
        break
      case 'waiting':
        this.hearing.greet(this.plan)
        break
      case 'accepted':
        this.accepter = verdict.accepter
        this.race.accept(verdict.accepter)
        if (this.legs.caller !== 'expected') this.hearing.tellOfAccept()
        break
      case 'expecting':
      case 'connecting':
        this.hearing.joined()
        this.due.push(`${verdict.to === 'expecting' ? 'comfort' : 'connect'} ${verdict.winner}`)
        if (this.winner === null) this.race.win(verdict.winner)
        this.winner = verdict.winner
        break
      case 'bridged':
        break
      case 'ended':
        this.hearing.hush()
        this.ending = answered ? { ...verdict.ending, status: 200 } : verdict.ending
        this.due.push(`end ${described(this.ending)}`)
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
    const due = [...this.due, ...this.hearing.take()].sort().join(', ')
    this.due = []
    check(asked === due, 'an event leads where it should', `[${asked}], not [${due}]`)
    check(
      state.phase === this.phase,
      'the call is in the phase that it should be in',
      `${state.phase}, not ${this.phase}`,
    )
    if ('target' in state) check(state.target === this.target, 'the state says what is being looked up')
    if (state.phase === 'accepted') check(state.attempt === this.accepter, 'the state says who accepted')
    if (state.phase === 'ended') check(state.released === released, 'the state says whether it is released')
    for (const effect of effects) this.judgeReason(effect)
  }

  private judgeReason(effect: Effect): void {
    if (effect.type === 'cancel-dial' || effect.type === 'hang-up' || effect.type === 'tell-ending') {
      const expected = this.reasonFor(effect)
      check(effect.reason === expected, 'a leg is ended with the reason', `${effect.reason}, not ${expected}`)
    }
    if (effect.type === 'reject-caller') {
      check(described(effect.ending) === described(this.ending), 'the caller gets the status of the ending')
    }
  }

  private reasonFor(effect: Extract<Effect, { readonly reason: string }>): string {
    const { silenced } = this
    const attempt =
      effect.type === 'tell-ending'
        ? effect.attempt
        : this.legs.attemptOf(effect.type === 'hang-up' ? effect.leg : effect.dial)
    return silenced?.attempts.some((id) => id === attempt) === true ? silenced.reason : this.reason
  }
}

function isMember(target: RouteTarget | null): boolean {
  return target !== null && ('member' in target || 'step' in target)
}

function ended(ending: Ending): Verdict {
  return { to: 'ended', ending }
}

function carried(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason }
}
