import type { ForwardingRegistration, PrimaryCallRecord, PrimaryWord } from './primary-calls.js'

/** When a network forwards a call; `conditional`: all three at once. */
export type ForwardingCondition = 'busy' | 'noReply' | 'notReachable' | 'conditional'

/** What is dialled about a condition. */
export interface ForwardingCodes {
  /** Points the forwarding at the DID, and switches it on. */
  readonly set?: string
  /** The same in another way. */
  readonly activate?: string
  readonly deactivate?: string
  /** Switches it off and forgets the number. */
  readonly erase?: string
  readonly query?: string
}

/** What came of dialling the codes, as the app saw it. */
export type CodesDialled =
  /** The network took them. */
  | 'accepted'
  /** The network would not have them. */
  | 'refused'
  /** The forwarding was erased. */
  | 'erased'

/** Who asks by API, as the client token says. */
export interface Asking {
  readonly user: string
  readonly deviceId: string | null
}

export interface ReportedCall {
  /** E.164. */
  readonly subscriber: string
  /** As the phone shows it; null where it is withheld. */
  readonly caller: string | null
  /** As the phone shows it; null where it knows none. */
  readonly callerName: string | null
  /** Microseconds since the epoch. */
  readonly ringingSince: number
}

export interface ForwardingView extends ForwardingRegistration {
  /** What the phone dials; a condition that the network has no codes for is left out. */
  readonly codes: Readonly<Partial<Record<ForwardingCondition, ForwardingCodes>>>
  /** Id of the test call that is under way. */
  readonly test: string | null
  /** A trunk for test calls is configured. */
  readonly testable: boolean
}

export interface ForwardingRefusal {
  readonly refused:
    /** There is no such subscriber. */
    | 'no-subscriber'
    /** It is another user's. */
    | 'foreign'
    | 'not-registered'
    | 'no-such-call'
    /** No test call can be placed. */
    | 'no-test'
    | 'unavailable'
  readonly detail: string
}

/** Subscribers by API, for the app of their user. All reject with StoreUnavailable. */
export interface ForwardingControl {
  forwarding(who: Asking, number: string): Promise<ForwardingView | ForwardingRefusal>
  dialled(
    who: Asking,
    number: string,
    report: { readonly result: CodesDialled; readonly detail: string | null },
  ): Promise<ForwardingView | ForwardingRefusal>
  /** Places a test call, unless one is under way. */
  test(who: Asking, number: string): Promise<ForwardingView | ForwardingRefusal>
  /** A cell call rings. The same report once more is the same call. */
  report(who: Asking, call: ReportedCall): Promise<PrimaryCallRecord | ForwardingRefusal>
  /** Waits for the instruction or the end, where neither is there, for `waitMs` at most. */
  view(
    who: Asking,
    id: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<PrimaryCallRecord | ForwardingRefusal>
  word(who: Asking, id: string, word: PrimaryWord): Promise<PrimaryCallRecord | ForwardingRefusal>
}
