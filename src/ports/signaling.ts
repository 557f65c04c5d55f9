import type { Flow } from './store.js'

/** A header list to send; a value may stand several times. */
export type Headers = readonly (readonly [name: string, value: string])[]

/** A SIP request that reached us, in our words. */
export interface SipRequest {
  readonly method: string
  /** Request-URI. */
  readonly uri: string
  readonly callId: string
  readonly gateway: string
  readonly source: Flow
  /** First value of the header, whole line; undefined where there is none. */
  header(name: string): string | undefined
  /** Every value, with comma-separated lists split where the header's grammar has lists. */
  headers(name: string): readonly string[]
  readonly body: string
  readonly contentType: string | undefined
}

export interface Final {
  readonly status: number
  readonly phrase?: string
  readonly headers?: Headers
}

/** A request to answer once. */
export interface SipTransaction extends SipRequest {
  /** Resolves when it was handed to the server. Answering a second time rejects. */
  respond(final: Final): Promise<void>
}

export interface LegEvents {
  /** The other side hung up, or the server gave the dialog up; once. `reason`: Reason header as it came. */
  ended(reason: string | undefined): void
  /** A re-INVITE or UPDATE with an offer; resolves to our answer. A rejection becomes 488. */
  reoffered(sdp: string): Promise<string>
  /** INFO in dialog. The answer's status. */
  info(contentType: string, body: string): Promise<number>
}

/** An established dialog. */
export interface Leg {
  /** SDP of the other side: the answer to our offer, or its offer. */
  readonly remoteSdp: string
  listen(events: LegEvents): void
  /** Sends INFO; rejects with {@link SipFailure}. */
  info(contentType: string, body: string): Promise<void>
  /** BYE. Resolves when answered, or given up after the deadline; never rejects; does nothing on an ended leg. */
  hangUp(reason: string | undefined): Promise<void>
}

/** The caller's INVITE, until it has a final answer. */
export interface IncomingCall extends SipRequest {
  /** The caller's offer; empty where the INVITE had none (delayed offer). */
  readonly offer: string
  provisional(response: { status: number; phrase?: string; headers?: Headers; sdp?: string }): Promise<void>
  /**
   * 200. Where the INVITE had no offer, `sdp` is ours and `remoteSdp` of the leg is the ACK's answer. Rejects with
   * {@link SipFailure} 487 where a CANCEL came first.
   */
  answer(response: { sdp: string; headers?: Headers }): Promise<Leg>
  /** A final answer other than 200; does nothing where a CANCEL came first. */
  reject(final: Final): Promise<void>
  /** Once; `reason`: Reason header of the CANCEL. */
  onCancel(listener: (reason: string | undefined) => void): void
  /** Whether a caller without session timer (RFC 4028) is out of reach for so long that it is gone. Rejects where that
   * cannot be known now. */
  vanished?(): Promise<boolean>
}

export interface DialRequest {
  readonly uri: string
  /** Where to send it, if not where the URI points: the registered flow or a trunk's proxy (a SIP URI). */
  readonly proxy?: string
  readonly gateway?: string
  readonly callId: string
  readonly from: string
  readonly to: string
  readonly sdp: string
  readonly headers: Headers
  /** Answers to a digest challenge, where the far side asks. */
  readonly credentials?: { readonly username: string; readonly password: string }
  progressed(response: { status: number; sdp: string }): void
}

/** An INVITE of ours, until it has a final answer. */
export interface OutgoingCall {
  /** Resolves with the leg, whose ACK is sent; rejects with {@link SipFailure}. Settles within a deadline, always. */
  readonly answered: Promise<Leg>
  /** CANCEL with a Reason; `answered` still settles: 487, or the leg where the 200 crossed it. Idempotent. */
  cancel(reason: string): void
}

/** A SUBSCRIBE that would open a dialog (RFC 6665), until it has its answer. */
export interface IncomingSubscription extends SipTransaction {
  /**
   * 2xx; a NOTIFY is due at once in the dialog that comes of it. Rejects with {@link SipFailure} where that cannot be.
   *
   * @param response `expires` in seconds
   */
  accept(response: { readonly expires: number; readonly headers?: Headers }): Promise<SubscriptionDialog>
}

/** The notifier's end of a subscription. */
export interface SubscriptionDialog {
  /** What came before is told now. */
  listen(events: SubscriptionEvents): void
  /**
   * NOTIFY; one with `ended` is the last. Rejects with {@link SipFailure}: 481 where the other side knows the
   * subscription no more.
   */
  notify(request: {
    readonly headers: Headers
    readonly ended: boolean
    readonly document?: { readonly contentType: string; readonly body: string }
  }): Promise<void>
}

export interface SubscriptionEvents {
  /** A SUBSCRIBE within the dialog, to be answered. */
  refreshed(request: SipTransaction): void
  /** A SUBSCRIBE with Expires 0, which has its answer; the last NOTIFY is due. */
  unsubscribed(): void
  /** The gateway is gone, and the dialog with it; once. */
  lost(): void
}

export interface SignalingHandlers {
  invite(call: IncomingCall): void
  register(request: SipTransaction): void
  options(request: SipTransaction): void
  /** Without it a SUBSCRIBE is one of the others. */
  subscribe?(subscription: IncomingSubscription): void
  /** A request outside of any call that is none of these. */
  other(request: SipTransaction): void
  /** Every leg and pending call of this gateway is gone. */
  gatewayLost(gateway: string): void
  gatewayUp(gateway: string): void
}

export interface SignalingGauges {
  readonly transactions: number
  readonly dialogs: number
  readonly timers: number
}

export interface GatewayStatus {
  readonly name: string
  readonly region?: string
  readonly up: boolean
  /** Where it takes SIP, as it said when it was last reached. */
  readonly listening: readonly ListeningPoint[]
}

export interface ListeningPoint {
  /** `udp`, `tcp`, `tls`, `ws` or `wss`. */
  readonly protocol: string
  readonly host: string
  readonly port: number
}

export interface Signaling {
  dial(request: DialRequest): OutgoingCall
  readonly gateways: readonly GatewayStatus[]
  close(): Promise<void>
}

/** A final status other than 2xx, or a local failure mapped to one: 408 no answer in time, 503 engine away. */
export class SipFailure extends Error {
  override readonly name = 'SipFailure'
  constructor(
    readonly status: number,
    message: string,
    /** Reason header of the response. */
    readonly reason?: string,
  ) {
    super(message)
  }
}
