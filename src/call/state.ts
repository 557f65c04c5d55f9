import type { Arrival, Destination, DialTarget } from './destination.js'
import type { Effect } from './effect.js'
import type { Ending } from './ending.js'
import type { AttemptId, DeviceLegId, PerformanceId, TimerId } from './ids.js'
import type { Performance } from './performance.js'
import type { AcceptStyle, HoldStyle, InstructWhen, Plan, RouteTarget } from './plan.js'

/**
 * ```
 *             invited, or reported: the caller is expected
 *                v
 *  +---------- routing <----------+  nobody there, and another target; the callee gone, and the caller goes on
 *  |             |  v directed    |
 *  |             | performing ----+  the caller hears something, or dials
 *  |             v                |
 *  +---------- waiting -----------+  hold, wake and dial overlap here
 *  |         |     v  a user accepts by API
 *  |         | accepted ----------+  that device's leg is awaited
 *  |         v     v  a device answers, or comes by itself
 *  +--------- expecting           |  only where the caller is not there yet
 *  |             v  forwarded     |
 *  +-------- connecting           |
 *  |             v                |  legs joined, caller answered
 *  +---------- bridged -----------+
 *  v
 *  ended       losers' legs close, then the call is released
 * ```
 */
export type State = New | Routing | Performing | Waiting | Accepted | Expecting | Connecting | Bridged | Ended

/** What a timer is for; each arming gets an id of its own, so that a stale one is known. */
export type TimerName =
  | 'hold'
  | 'second-response'
  | 'reassure'
  /** The INVITE of the expected caller is due. */
  | 'forward'
  /** A device hears that the caller has not come. */
  | 'farewell'
  /** A performance has had its time. */
  | 'perform'
  | 'connect'
  | 'settle'
  | `grace:${AttemptId}`

/** The caller's leg. */
export type CallerLeg =
  /** Its INVITE is still to come. */
  | 'expected'
  /** No final answer yet. */
  | 'pending'
  /** Its 200 goes out ahead of any device: `caller-answered` or `hold-failed` says what became of it. */
  | 'answering'
  /** Its 200 goes out as it is joined to a device: `connected` or `connect-failed` says what became of it. */
  | 'joining'
  | 'open'
  /** BYE sent, not yet answered. */
  | 'closing'
  | 'closed'

/** The leg of a device, from our INVITE or its arrival on, that is not closed yet. */
export interface DeviceLeg {
  readonly id: DeviceLegId
  readonly attempt: AttemptId
  /** What was dialled; null for a leg that arrived: it is `answered` from its first moment. */
  readonly target: DialTarget | null
  readonly phase:
    /** INVITE sent, no answer at all. */
    | 'trying'
    /** At least one 1xx came. */
    | 'progressing'
    | 'answered'
    /** CANCEL sent: its end is awaited, unless a 200 crosses it. */
    | 'cancelling'
    /** BYE sent, or the leg refused: its end is awaited. */
    | 'closing'
}

/** One destination of the call. */
export interface Attempt {
  readonly id: AttemptId
  readonly destination: Destination
  /** `grace`: a live binding is tried first. `given-up`: no push will reach it. */
  readonly wake: 'none' | 'grace' | 'asked' | 'delivered' | 'given-up'
  /** The device was pushed, and nothing has told it since how the call ended. */
  readonly owedEnding: boolean
  /** The leg that counts for this attempt, if one is open. */
  readonly leg: DeviceLegId | null
  /** How many dials it has had; bounded. */
  readonly dialled: number
  /** Set when this destination is out of the race. */
  readonly over: Over | null
  /** Where the caller goes once this destination has had the call, and hung up. */
  readonly goesOn: RouteTarget | null
  /** Of a part of the call that is done, whose outcome is told: it counts for nothing any more. */
  readonly past: boolean
}

export interface Over {
  /** The final status that it came to. */
  readonly status: number
  /** No way back. Otherwise it could not be reached, and a REGISTER brings it back into the race. */
  readonly final: boolean
}

/** A call at the subscriber's cell phone, by which the call began. */
export interface Primary {
  readonly instruct: InstructWhen
  readonly patienceMs: number
  /** It was told to reject. */
  readonly instructed: boolean
  /** Of a call that it rejected the forwarded INVITE is due, whatever the phone says after that. */
  readonly phone: 'ringing' | 'rejected'
}

/** What the caller was told ahead of its final answer. */
export interface Provisional {
  readonly style: HoldStyle
  /** It has it, and its media side stands. */
  readonly given: boolean
}

/** What every phase of a call has. */
export interface Call {
  readonly caller: CallerLeg
  /** Null where the call began with its caller's INVITE. */
  readonly primary: Primary | null
  readonly hold: HoldStyle
  readonly accept: AcceptStyle
  readonly attempts: readonly Attempt[]
  readonly legs: readonly DeviceLeg[]
  /** Those that run: one of a name at most. */
  readonly timers: readonly TimerId[]
  readonly provisional: Provisional | null
  /** What the caller hears of us is ringback. */
  readonly ringback: boolean
  /** Something has rung: the caller has been told, or is told when it comes. */
  readonly alerted: boolean
  /** The caller has been told that somebody accepted, and of nothing else since. */
  readonly acceptTold: boolean
  /** Users who said no in this step, or in an earlier one: no phone of theirs is rung, unless a step asks for them. */
  readonly refused: readonly string[]
  /** Makes ids; only grows. */
  readonly serial: number
  /** How many targets the call has been routed to; bounds loops of no-answer targets. */
  readonly hops: number
}

/** Before the first event. */
export interface New {
  readonly phase: 'new'
}
export interface Routing extends Call {
  readonly phase: 'routing'
  readonly target: RouteTarget
  /** Phones that registered while the target was being resolved: the plan may be older than they are. */
  readonly arrived: readonly Arrival[]
  /** That takes time. */
  readonly deliberating: boolean
}
/** Somebody directs the call, and the caller hears what it is to hear, as soon as it can. */
export interface Performing extends Call {
  readonly phase: 'performing'
  readonly performance: Performance
  readonly next: RouteTarget
  /** Null until the caller can hear it. */
  readonly begun: PerformanceId | null
}
export interface Waiting extends Call {
  readonly phase: 'waiting'
  /** What the plan was resolved from. */
  readonly target: RouteTarget
  readonly plan: Plan
}
export interface Accepted extends Call {
  readonly phase: 'accepted'
  readonly target: RouteTarget
  readonly plan: Plan
  /** Whose device is awaited. */
  readonly attempt: AttemptId
}
/** A device has the call, and its caller is not there yet. */
export interface Expecting extends Call {
  readonly phase: 'expecting'
  readonly winner: DeviceLegId
}
export interface Connecting extends Call {
  readonly phase: 'connecting'
  readonly winner: DeviceLegId
}
export interface Bridged extends Call {
  readonly phase: 'bridged'
  readonly winner: DeviceLegId
}
export interface Ended extends Call {
  readonly phase: 'ended'
  readonly ending: Ending
  /** Reason header value for whatever is closed because of it. */
  readonly reason: string
  readonly released: boolean
}

/** A call that has begun and not ended. */
export type Live = Routing | Performing | Waiting | Accepted | Expecting | Connecting | Bridged

export interface Step<S extends State = State> {
  readonly state: S
  readonly effects: readonly Effect[]
}

/**
 * What a phase has in common with all the others. What is a phase's own stands before it in a literal: V8 gives each
 * object whose fields are added after a leading spread a hidden class of its own, which costs several microseconds.
 */
export function callOf(state: Call): Call {
  return {
    caller: state.caller,
    primary: state.primary,
    hold: state.hold,
    accept: state.accept,
    attempts: state.attempts,
    legs: state.legs,
    timers: state.timers,
    provisional: state.provisional,
    ringback: state.ringback,
    alerted: state.alerted,
    acceptTold: state.acceptTold,
    refused: state.refused,
    serial: state.serial,
    hops: state.hops,
  }
}

export const NEW: New = { phase: 'new' }
