import { type Arrival, type Destination, destinationOf, reaches, renewed } from './destination.js'

/** What the caller hears while waiting; chosen by trunk. */
export type HoldStyle =
  /** 183 with SDP and a tone. */
  | 'early-media'
  /** 180 at once. */
  | 'ringing'
  /** 182 at once, 180 when a device truly rings. */
  | 'queued'

/** What the caller hears once somebody has accepted, until that device is there; chosen by trunk. */
export type AcceptStyle =
  /** A 'connecting' tone in its early media. */
  | 'tone'
  /** It is answered at once, and hears comfort audio. */
  | 'answer'

/** When a cell phone is told to reject its call, so that the carrier forwards it to us. */
export type InstructWhen =
  /** As soon as every destination was notified, and one of them can still take the call. */
  | 'notified'
  /** Once one took the call. */
  | 'accepted'

/** A name that routing can resolve: the number that was called, or a no-answer target. */
export type RouteTarget =
  | { readonly kind: 'number'; readonly number: string }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'outside'; readonly uri: string; readonly trunk: string }
  /** `member`: whose turn it is, counted from 0, in a call that is at the group already. */
  | { readonly kind: 'group'; readonly group: string; readonly member?: number }
  /**
   * The secondary destinations of a subscriber (E.164), and the devices of its user where `devices` says so. `member`:
   * which step it is at, counted from 0, in a call that is at the subscriber already.
   */
  | {
      readonly kind: 'subscriber'
      readonly number: string
      readonly devices: boolean
      readonly member?: number
    }
  /** Whoever is called by this name: a user of the config, or a client of its own. */
  | { readonly kind: 'client'; readonly client: string }
  /** Whoever wrote the instructions says what to do with the call. `step`: that is asked for the next time. */
  | { readonly kind: 'instructions'; readonly name: string; readonly step?: number }

/** What happens when a step of the call found nobody. */
export type Otherwise =
  | { readonly kind: 'target'; readonly target: RouteTarget }
  | { readonly kind: 'status'; readonly status: number }
  /** The status that the destinations themselves came to. */
  | { readonly kind: 'outcome' }

/** One step of a call, as routing resolved it. Times in milliseconds. */
export interface Plan {
  /** Whose phones these are: their later registrations belong to the call as well. */
  readonly users: readonly string[]
  readonly destinations: readonly Destination[]
  /** How long this step waits for an answer. */
  readonly ringMs: number
  /** How long a live binding may stay silent before its device is pushed as well. */
  readonly graceMs: number
  /** How long a device that accepted may take to be there (its second response). */
  readonly secondResponseMs: number
  readonly otherwise: Otherwise
  /** Where the caller goes once the callee has hung up; null: the call ends then. */
  readonly goesOn: RouteTarget | null
  /** The caller gets its 200 at once, and hears ringback. */
  readonly answerFirst: boolean
}

/** Another member of those at which the call is already, whose turn it is, or their next word: no hop, and no end of asking. */
export function isNextMember(target: RouteTarget): boolean {
  return 'member' in target || 'step' in target
}

/** The destinations, brought up to date by phones that registered while they were being looked up. */
export function withArrivals(
  destinations: readonly Destination[],
  arrivals: readonly Arrival[],
): readonly Destination[] {
  return arrivals.reduce<readonly Destination[]>((known, arrival) => {
    const at = known.findIndex((d) => reaches(d, arrival))
    const found = known[at]
    return found === undefined ? [...known, destinationOf(arrival)] : known.with(at, renewed(found, arrival))
  }, destinations)
}
