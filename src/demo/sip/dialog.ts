import { headerFields, mergeFields, bodyFields, type HeaderFields } from './build.js'
import {
  callIdOf,
  cseqOf,
  header,
  headerList,
  MalformedMessage,
  required,
  tagOf,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from './message.js'
import { addressOf, parseNameAddr, parseUri, type Address } from './uri.js'

export interface DialogId {
  readonly callId: string
  readonly localTag: string
  readonly remoteTag: string
}

interface DialogParts extends DialogId {
  /** From and To as this side writes them, tags included. */
  readonly localParty: string
  readonly remoteParty: string
  readonly remoteTarget: string
  readonly routeSet: readonly string[]
  readonly localSequence: number
  readonly remoteSequence: number | undefined
}

/** One side of a dialog (RFC 3261 §12). */
export class Dialog {
  readonly id: DialogId
  #localSequence: number
  #remoteSequence: number | undefined
  #remoteTarget: string

  private constructor(private readonly parts: DialogParts) {
    this.id = parts
    this.#localSequence = parts.localSequence
    this.#remoteSequence = parts.remoteSequence
    this.#remoteTarget = parts.remoteTarget
  }

  /** The caller's side, from a response with a To tag (§12.1.2). */
  static ofCaller(invite: SipRequest, response: SipResponse): Dialog {
    return new Dialog({
      callId: callIdOf(response),
      localTag: tagOf(response, 'From') ?? '',
      remoteTag: tagOf(response, 'To') ?? '',
      localParty: required(response, 'From'),
      remoteParty: required(response, 'To'),
      remoteTarget: contactUri(response) ?? invite.uri,
      routeSet: headerList(response, 'Record-Route').reverse(),
      localSequence: cseqOf(invite).number,
      remoteSequence: undefined,
    })
  }

  /** The callee's side, from the INVITE and the tag that its responses carry (§12.1.1). */
  static ofCallee(invite: SipRequest, localTag: string): Dialog {
    const remoteTarget = contactUri(invite)
    if (remoteTarget === undefined) throw new MalformedMessage('an INVITE without Contact')
    return new Dialog({
      callId: callIdOf(invite),
      localTag,
      remoteTag: tagOf(invite, 'From') ?? '',
      localParty: `${required(invite, 'To')};tag=${localTag}`,
      remoteParty: required(invite, 'From'),
      remoteTarget,
      routeSet: headerList(invite, 'Record-Route'),
      localSequence: 0,
      remoteSequence: cseqOf(invite).number,
    })
  }

  get remoteTarget(): string {
    return this.#remoteTarget
  }

  get nextHop(): Address {
    const [route] = this.parts.routeSet
    return addressOf(route === undefined ? this.#remoteTarget : parseNameAddr(route).uri)
  }

  /** A request within the dialog, without Via. ACK takes the number of the INVITE that it acknowledges. */
  request(method: string, fields: HeaderFields = {}, body = '', ackOf?: number): SipRequest {
    const number = ackOf ?? ++this.#localSequence
    const { callId, localParty, remoteParty, routeSet } = this.parts
    const own: HeaderFields = {
      'Max-Forwards': '70',
      ...(routeSet.length > 0 ? { Route: routeSet } : {}),
      From: localParty,
      To: remoteParty,
      'Call-ID': callId,
      CSeq: `${number} ${method}`,
    }
    const headers = headerFields(mergeFields(own, bodyFields(body), fields))
    return { kind: 'request', method, uri: this.#remoteTarget, headers, body }
  }

  /** False where the request is older than one that came already: 500 (§12.2.2). Follows a new target. */
  accepts(request: SipRequest): boolean {
    const { number } = cseqOf(request)
    if (this.#remoteSequence !== undefined && number < this.#remoteSequence) return false
    this.#remoteSequence = number
    if (request.method === 'INVITE' || request.method === 'UPDATE') this.refreshTarget(request)
    return true
  }

  refreshTarget(message: SipMessage): void {
    this.#remoteTarget = contactUri(message) ?? this.#remoteTarget
  }
}

export function contactUri(message: SipMessage): string | undefined {
  const contact = header(message, 'Contact')
  const uri = contact === undefined ? undefined : parseNameAddr(contact).uri
  return uri !== undefined && parseUri(uri) !== undefined ? uri : undefined
}
