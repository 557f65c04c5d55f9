import type { Ending, EndingCause } from '../call/ending.js'
import type { AcceptStyle, HoldStyle } from '../call/plan.js'

/** A cell call rings at a subscriber's phone, outside our network. Times: microseconds since the epoch. */
export interface PrimaryCallReport {
  /** Id of the call that it is to us. */
  readonly id: string
  /** E.164. */
  readonly subscriber: string
  /** As the phone shows it; null where the number is withheld. */
  readonly caller: string | null
  readonly ringingSince: number
  /** Device whose app reported it, and is instructed; null where it named none. */
  readonly deviceId: string | null
}

/** A primary call whose forwarded INVITE may come. */
export interface OpenPrimaryCall {
  readonly id: string
  /** E.164. */
  readonly subscriber: string
  /** As the phone showed it, or a test call dialled it; null where the number is withheld. */
  readonly caller: string | null
  readonly reportedAt: number
  readonly instructedAt: number | null
  /** Its INVITE is here. */
  readonly forwarded: boolean
  /** A call of ours that finds out whether the conditional forwarding works. */
  readonly test: boolean
}

/** When a secondary destination has to be ready before the phone is told to reject. */
export type InstructWhen =
  /** As soon as each of them was notified. */
  | 'notified'
  /** Once one took the call. */
  | 'accepted'

/** What the phone says of its primary call, after the report. */
export type PrimaryWord =
  /** It has the instruction. */
  | 'acknowledged'
  | 'rejected'
  | 'answered'
  /** It stopped ringing. */
  | 'ended'
  /** It cannot reject. */
  | 'failed'

/** Why the runtime takes no primary call. */
export interface PrimaryCallNotTaken {
  readonly kind: 'refused'
  readonly why: 'draining' | 'unavailable'
  readonly detail: string
}

/** The caller, as those are shown it who are rung for it; null: withheld, or not known. */
export interface ShownCaller {
  /** E.164, where it is such a number. */
  readonly number: string | null
  readonly name: string | null
}

/** Primary calls as calls of this node: what the reports and words of the phones lead to. */
export interface PrimaryCallControl {
  /**
   * Begins the call. `patienceMs`: how long the forwarded INVITE is waited for once the phone was instructed.
   * Never rejects.
   */
  report(
    report: PrimaryCallReport,
    how: {
      /** What the caller hears once its INVITE is here. */
      readonly hold: HoldStyle
      readonly accept: AcceptStyle
      readonly instruct: InstructWhen
      readonly patienceMs: number
    },
    shown: ShownCaller,
  ): Promise<{ readonly callId: string } | PrimaryCallNotTaken>
  /** False where no such call lives on this node. */
  primary(callId: string, word: PrimaryWord): boolean
}

/** How an instruction came to the phone first. */
export type InstructedBy = 'channel' | 'poll' | 'push'

/** One row a primary call. Times: microseconds since the epoch. */
export interface PrimaryCallRecord extends PrimaryCallReport {
  readonly test: boolean
  readonly reportedAt: number
  readonly instructedAt: number | null
  /** The first way that the instruction is known to have taken. */
  readonly instructedBy: InstructedBy | null
  readonly acknowledgedAt: number | null
  /** The phone's last word but `acknowledged`. */
  readonly phone: Exclude<PrimaryWord, 'acknowledged'> | null
  readonly phoneAt: number | null
  readonly forwardedAt: number | null
  readonly endedAt: number | null
  readonly cause: EndingCause | null
}

/** To the phone of a primary call: on the channel and by push. The same instruction has the same `primaryCall`. */
export interface ToldPrimary {
  readonly type: 'primary-instruction'
  readonly primaryCall: string
  readonly do: 'reject'
  /** E.164. */
  readonly subscriber: string
  /** As it was reported; none where it is withheld. */
  readonly caller?: string
  /** The call is one of ours, to find out whether the forwarding works. */
  readonly test: boolean
  /** ISO 8601, and milliseconds since the epoch. */
  readonly expiresAt: string
  readonly expiresAtMs: number
}

/** Whether the conditional forwarding of a subscriber is known to point at the DID. */
export type ForwardingState =
  | 'unknown'
  /** The app says that it dialled the codes, and that the network took them. */
  | 'reported'
  /** A forwarded call has arrived. */
  | 'confirmed'
  | 'failed'

export interface ForwardingRegistration {
  /** E.164. */
  readonly subscriber: string
  /** Where the forwarding points: with another DID in the configuration nothing is known. */
  readonly did: string
  readonly state: ForwardingState
  readonly since: number
  readonly detail: string | null
}

export interface PrimaryCallStore {
  forwarding(subscriber: string): Promise<ForwardingRegistration | null>
  /** Written when the promise resolves. */
  putForwarding(registration: ForwardingRegistration): Promise<void>
  /** Adds or replaces rows; all are written when the promise resolves. */
  savePrimaryCalls(records: readonly PrimaryCallRecord[]): Promise<void>
  primaryCall(id: string): Promise<PrimaryCallRecord | null>
}

/** What the runtime tells of the calls that it began for a report. */
export interface PrimaryCallListener {
  /** The secondaries are ready: the phone is to reject. Once a call; never throws. */
  instruct(callId: string): void
  /** The forwarded INVITE is here, and was matched. */
  forwarded(callId: string): void
  ended(callId: string, ending: Ending): void
}
