import { randomUUID } from 'node:crypto'
import type { Peer } from './peer.js'
import { SDP, type Text } from './text.js'

export interface RequestOptions {
  headers?: string[]
  body?: string
  branch?: string
  uri?: string
  /** CSeq number. */
  seq?: number
  contact?: string | null
}

/** One call as a peer writes it: keeps what its requests have in common. */
export class Caller {
  readonly callId = randomUUID()
  readonly tag = randomUUID().slice(0, 8)
  toTag = ''
  seq = 1
  /** The other side's Contact, once known. */
  target = 'sip:alice@127.0.0.1'
  lastBranch = ''

  constructor(readonly peer: Peer) {}

  get contact(): string {
    const { protocol } = this.peer
    const transport = protocol === 'udp' ? '' : `;transport=${protocol}`
    return `<sip:caller@${this.host}${transport}>`
  }

  /** Where the peer says that it is: a WebSocket client makes a name up. */
  get host(): string {
    const { protocol, port } = this.peer
    return protocol === 'ws' || protocol === 'wss' ? `${this.tag}.invalid` : `127.0.0.1:${port}`
  }

  write(method: string, options: RequestOptions = {}): string {
    const body = options.body ?? ''
    this.lastBranch = options.branch ?? `z9hG4bK-${randomUUID()}`
    const seq = options.seq ?? this.seq
    const to = `<sip:alice@example.com>${this.toTag === '' ? '' : `;tag=${this.toTag}`}`
    const contact = options.contact === undefined ? this.contact : options.contact
    return [
      `${method} ${options.uri ?? this.target} SIP/2.0`,
      `Via: SIP/2.0/${this.peer.protocol.toUpperCase()} ${this.host};branch=${this.lastBranch};rport`,
      'Max-Forwards: 70',
      `From: "Caller" <sip:caller@example.com>;tag=${this.tag}`,
      `To: ${to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${seq} ${method}`,
      ...(contact === null ? [] : [`Contact: ${contact}`]),
      ...(options.headers ?? []),
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n')
  }

  /** Sends a request, under the next number unless it is an ACK or CANCEL. Answers what was sent. */
  send(method: string, options: RequestOptions = {}): string {
    const text = this.write(method, options)
    this.peer.send(text)
    return text
  }

  invite(options: RequestOptions = {}): string {
    return this.send('INVITE', { body: SDP, ...options })
  }

  /** The next request of the call. */
  next(method: string, options: RequestOptions = {}): string {
    this.seq++
    return this.send(method, options)
  }

  /** Takes over the callee's tag and Contact from its answer. */
  learn(answer: Text): Text {
    this.toTag = answer.toTag
    const contact = /<([^>]+)>/.exec(answer.get('contact'))?.[1]
    if (contact !== undefined) this.target = contact
    return answer
  }

  /** The ACK to a 2xx. */
  ack(options: RequestOptions = {}): string {
    return this.send('ACK', options)
  }

  /** CANCEL of the last INVITE, and the ACK to its failure: both on its branch. */
  onInviteBranch(method: 'CANCEL' | 'ACK', branch: string, options: RequestOptions = {}): string {
    return this.send(method, { branch, contact: null, ...options })
  }

  /** INVITE, 200, ACK: the app has to answer. */
  async establish(options: RequestOptions = {}): Promise<Text> {
    this.invite(options)
    const answer = this.learn(await this.peer.status(200, 'INVITE'))
    this.ack()
    return answer
  }
}
