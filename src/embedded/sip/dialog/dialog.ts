import type { App } from '../control/app.js'
import { Headers } from '../message/headers.js'
import { request as makeRequest, type SipRequest } from '../message/message.js'
import { parseNameAddr } from '../message/name-addr.js'
import { parseUri } from '../message/uri.js'
import type { RAck } from '../message/values.js'
import type { ServerTransaction } from '../transaction/server-transaction.js'
import type { Flow } from '../transport/transport.js'
import type { SessionTimer } from './session-timer.js'
import { oneText } from '../one-text.js'

export interface DialogInit {
  readonly kind: 'invite' | 'subscribe'
  readonly role: 'uac' | 'uas'
  readonly app: App
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string | undefined
  /** From (as UAC) or To (as UAS) value of this side, tag included. */
  readonly local: string
  /** The same of the other side, tag included where it is known. */
  readonly remote: string
  readonly localSeq: number
  readonly remoteSeq: number | undefined
  readonly target: string
  readonly routes: readonly string[]
  readonly flow: Flow
  /** Contact value of this side. */
  readonly contact: string
}

/** The peer's INVITE that is under way in a dialog, or was answered and awaits its ACK. */
export interface IncomingUsage {
  /** Whether its final response is still to come. */
  readonly open: boolean
  /** Takes the ACK to its 2xx; false where this is not the one that is waited for. */
  acknowledged(ack: SipRequest, flow: Flow): boolean
  /**
   * Takes a PRACK to one of its provisional responses; false where there is no such response. `answer` is
   * called before anything that waited goes out, and is told whether the app is there to answer the PRACK.
   */
  provisionalAcknowledged(rack: RAck, answer: (byApp: boolean) => void): boolean
  /** The peer ended the dialog by BYE. */
  endedByPeer(): void
}

/** The INVITE of this side that is under way in a dialog, or was answered. */
export interface OutgoingUsage {
  /** Whether its final response is still to come. */
  readonly pending: boolean
  cancel(): void
}

/** The state of one dialog (RFC 3261 §12), with what belongs to it alone. */
export class Dialog {
  readonly kind: 'invite' | 'subscribe'
  readonly role: 'uac' | 'uas'
  readonly app: App
  readonly callId: string
  /** What apps know it by: `Call-ID;from-tag=<tag of who began it>`. */
  readonly id: string
  readonly localTag: string
  remoteTag: string | undefined
  readonly local: string
  remote: string
  localSeq: number
  remoteSeq: number | undefined
  target: string
  routes: readonly string[]
  flow: Flow
  contact: string
  /** Where requests go in spite of target and routes, because of a NAT between. */
  routeOverride: string | undefined
  confirmed = false
  /** The server itself is ending it: the app was told already. */
  closing = false
  /** The app has asked for it to be ended. */
  byeSent = false
  ended = false
  incomingInvite: IncomingUsage | undefined
  outgoingInvite: OutgoingUsage | undefined
  /** A peer's UPDATE that has no answer yet. */
  pendingUpdate: ServerTransaction | undefined
  session: SessionTimer | undefined
  /** This side's last session description, for refreshing the session by re-INVITE. */
  localSdp: Buffer | undefined
  peerAllowsUpdate = false
  private readonly held: (() => void)[] = []
  private unacknowledged = false

  constructor(init: DialogInit) {
    this.kind = init.kind
    this.role = init.role
    this.app = init.app
    this.callId = init.callId
    this.localTag = init.localTag
    this.remoteTag = init.remoteTag
    this.id = dialogId(init.callId, init.role === 'uac' ? init.localTag : (init.remoteTag ?? ''))
    this.local = init.local
    this.remote = init.remote
    this.localSeq = init.localSeq
    this.remoteSeq = init.remoteSeq
    this.target = init.target
    this.routes = init.routes
    this.flow = init.flow
    this.contact = init.contact
  }

  /**
   * A request of this side within the dialog (§12.2.1.1). An ACK takes the number of its INVITE; every other
   * request the next number.
   */
  createRequest(method: string, options: { cseq?: number; target?: string } = {}): SipRequest {
    const cseq = options.cseq ?? ++this.localSeq
    this.localSeq = Math.max(this.localSeq, cseq)
    const { uri, routes } = this.path(options.target ?? this.target)
    const headers = new Headers()
    headers.add('Max-Forwards', '70')
    for (const route of routes) headers.add('Route', route)
    headers.add('From', this.local)
    headers.add('To', this.remote)
    headers.add('Call-ID', this.callId)
    headers.add('CSeq', `${cseq} ${method}`)
    return makeRequest(method, uri, headers)
  }

  /** The URI of the next hop, NAT aside. */
  nextHop(request: SipRequest): string {
    const first = request.headers.list('route')[0]
    return (first === undefined ? undefined : parseNameAddr(first)?.uri) ?? request.uri
  }

  /** An answer was sent and its ACK is outstanding: this side may not send BYE yet (§15). */
  get awaitsAck(): boolean {
    return this.unacknowledged
  }

  answerSent(): void {
    this.unacknowledged = true
  }

  /** The ACK came, or the wait for it ended. */
  answerSettled(): void {
    this.unacknowledged = false
    for (const send of this.held.splice(0)) send()
  }

  /** Runs at once, or when the outstanding ACK is there. */
  whenAcknowledged(send: () => void): void {
    if (this.unacknowledged) this.held.push(send)
    else send()
  }

  /** Request-URI and Route values; a strict router at the front takes the Request-URI for itself. */
  private path(target: string): { uri: string; routes: readonly string[] } {
    const first = this.routes[0] === undefined ? undefined : parseNameAddr(this.routes[0])
    if (!first || parseUri(first.uri)?.params.has('lr')) return { uri: target, routes: this.routes }
    return { uri: first.uri, routes: [...this.routes.slice(1), `<${target}>`] }
  }
}

export function dialogId(callId: string, fromTag: string): string {
  return oneText(';from-tag=', callId, fromTag)
}
