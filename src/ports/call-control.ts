import type { Ending } from '../call/ending.js'

/**
 * What a device may do to a call by API, whichever node the call lives on. The caller of these methods has proven by
 * a call token, or as the device's client, that it speaks for the device.
 */
export interface CallControl {
  /** What the device may know of the call; a call that is over too. Rejects with StoreUnavailable. */
  view(callId: string, deviceId: string): Promise<CallView | CallRefusal>
  /**
   * The user's yes, ahead of any SIP. With `sdp`, the answer to the offer that the push carried, media flows at once
   * and the device needs no SIP. The same accept once more gets the same answer.
   */
  accept(callId: string, deviceId: string, accept: Accept): Promise<CallView | CallRefusal>
  decline(callId: string, deviceId: string, decline: Decline): Promise<CallView | CallRefusal>
  /** Ends a call that this device accepted. */
  hangUp(callId: string, deviceId: string): Promise<CallView | CallRefusal>
}

/** One of the requests of {@link CallControl}, as one node tells it another. */
export type CallRequest =
  | { readonly op: 'view' | 'hang-up' }
  | { readonly op: 'accept'; readonly accept: Accept }
  | { readonly op: 'decline'; readonly decline: Decline }

export interface Accept {
  readonly sdp?: string
}

export type Decline =
  | { readonly reason: 'busy' | 'reject' }
  /** `message`: for the caller, in the Reason and Call-Info of its response, and kept with the call. */
  | { readonly reason: 'message'; readonly message: string }
  | { readonly reason: 'redirect'; readonly to: RedirectTarget }

export type RedirectTarget =
  { readonly kind: 'user'; readonly user: string } | { readonly kind: 'number'; readonly number: string }

/** A call, as one of its devices may see it. Times: microseconds since the epoch. */
export interface CallView {
  readonly kind: 'call'
  readonly callId: string
  /** `ringing`: open to be accepted; `accepted`: by this device, its second response is awaited. */
  readonly state: 'ringing' | 'accepted' | 'connecting' | 'bridged' | 'ended'
  /** Whether this device is the one that accepted or answered. */
  readonly yours: boolean
  readonly caller: string
  readonly callerName: string | null
  readonly callee: string
  readonly startedAt: number
  /** Until when it can be accepted or, once accepted, connected; null where there is no deadline. */
  readonly deadline: number | null
  readonly ending: Ending | null
}

export interface CallRefusal {
  readonly kind: 'refused'
  readonly why: CallRefusalReason
  readonly detail: string
  /** Of a call that is over. */
  readonly ending?: Ending
}

export type CallRefusalReason =
  /** There is no such call, or it is not known any more. */
  | 'not-found'
  /** The call is none of this device's. */
  | 'not-invited'
  /** Another device of the call was faster. */
  | 'answered-elsewhere'
  | 'ended'
  /** This device has accepted or declined already, in another way. */
  | 'already-answered'
  /** The SDP is no answer to our offer, or there was no offer. */
  | 'not-acceptable'
  | 'redirect-not-allowed'
  /** The node that the call lives on did not answer in time. */
  | 'unavailable'
