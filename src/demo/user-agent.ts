import { DigestSession, type Credentials } from './sip/digest.js'
import type { HeaderFields } from './sip/build.js'
import { responseTo } from './sip/build.js'
import { allowed } from './sip/methods.js'
import type { SipRequest, SipResponse } from './sip/message.js'
import type { SipPeer } from './sip/peer.js'
import type { ServerTransaction } from './sip/server-transaction.js'
import type { Address } from './sip/uri.js'
import { Inbox } from './waiting.js'
import type { Call } from './call.js'
import { IncomingCall, type InvitePolicy } from './incoming-call.js'
import { OutgoingCall, type CallOptions } from './outgoing-call.js'
import type { MediaOptions } from './media-session.js'
import type { SessionTimerOptions } from './session-timer.js'

export interface UserAgentOptions {
  readonly user: string
  readonly domain: string
  readonly displayName?: string | undefined
  /** Where requests outside of dialogs go. */
  readonly proxy: Address
  /** Requests within dialogs go there too, and do not follow Contact and Record-Route. */
  readonly everythingToProxy?: boolean | undefined
  readonly credentials?: Credentials | undefined
  /** The algorithm to take where the server offers several. */
  readonly digest?: 'MD5' | 'SHA-256' | undefined
  readonly media?: MediaOptions | undefined
  readonly sessionTimer?: SessionTimerOptions | undefined
}

/** Decides what becomes of an incoming INVITE. */
export type InviteDecision = InvitePolicy | ((invite: SipRequest) => InvitePolicy)

/** What phones and trunks have in common: calls out, calls in by a policy, OPTIONS. */
export class UserAgent {
  readonly #calls = new Set<Call>()
  readonly #incoming = new Inbox<IncomingCall>()
  readonly #digest: DigestSession | undefined
  #decision: InviteDecision = {}
  #peer: SipPeer | undefined
  #detach: () => void = () => undefined

  /** May change while it lives, as when a push names another edge. */
  proxy: Address

  constructor(readonly options: UserAgentOptions) {
    this.proxy = options.proxy
    this.#digest =
      options.credentials === undefined ? undefined : new DigestSession(options.credentials, options.digest)
  }

  /** Throws while there is no socket: asleep, or closed. */
  get peer(): SipPeer {
    if (this.#peer === undefined) throw new Error(`${this.options.user} has no socket`)
    return this.#peer
  }

  get awake(): boolean {
    return this.#peer !== undefined
  }

  get addressOfRecord(): string {
    return `sip:${this.options.user}@${this.options.domain}`
  }

  /** From here on calls run over this peer, those that are up too; `user` '*' takes every request. */
  attach(peer: SipPeer, user = this.options.user): void {
    this.#detach()
    this.#peer = peer
    this.#detach = peer.onUser(user, (transaction) => this.#receive(transaction))
    for (const call of this.calls) call.rebind()
  }

  detach(): void {
    this.#detach()
    this.#detach = () => undefined
    this.#peer = undefined
  }

  /** The Contact URI, with parameters of the URI. */
  contact(params: Readonly<Record<string, string>> = {}): string {
    const { protocol, local } = this.peer
    const { host, port } = local
    const transport = protocol === 'udp' ? '' : `;transport=${protocol}`
    const own = Object.entries(params).map(([name, value]) =>
      value === '' ? `;${name}` : `;${name}=${value}`,
    )
    return `sip:${this.options.user}@${host}:${port}${transport}${own.join('')}`
  }

  /** What happens to INVITEs from now on; by default the phone rings until the script answers. */
  onInvite(decision: InviteDecision): void {
    this.#decision = decision
  }

  /** Each incoming call once, in order. Rejects with WaitError. */
  nextCall(deadlineMs = 5000): Promise<IncomingCall> {
    return this.#incoming.next(`call to ${this.options.user}`, deadlineMs)
  }

  /** Those that are not over. */
  get calls(): readonly Call[] {
    return [...this.#calls].filter((call) => !call.isOver)
  }

  /** Sends the INVITE; rejects only where no RTP port is free. */
  async call(uri: string, options: CallOptions = {}): Promise<OutgoingCall> {
    const call = await OutgoingCall.open(this, uri, options)
    this.#keep(call)
    call.start()
    return call
  }

  /**
   * One request and its final response, challenges answered; `build` makes the request anew for each attempt.
   * A timeout is a 408 of its own making (RFC 3261 §8.1.3.1).
   */
  async exchange(
    method: string,
    uri: string,
    build: (authorization: HeaderFields) => SipRequest,
    to = this.proxy,
    own: HeaderFields = {},
  ): Promise<SipResponse> {
    for (let answered = 0; ; answered++) {
      const response = await this.#once(build(this.authorization(method, uri, own, answered)), to)
      if (!this.challenged(response, answered)) return response
    }
  }

  /** Whether to try again with credentials; `answered` challenges were answered so far. */
  challenged(response: SipResponse, answered: number): boolean {
    if (response.status !== 401 && response.status !== 407) return false
    return this.#digest?.challenged(response, answered) ?? false
  }

  /** Nothing where the request brings credentials of its `own`, until it was challenged all the same. */
  authorization(method: string, uri: string, own: HeaderFields = {}, answered = 0): HeaderFields {
    if (answered === 0 && Object.keys(own).some((name) => name.toLowerCase() === 'authorization')) return {}
    const field = this.#digest?.authorize(method, uri)
    return field === undefined ? {} : { [field[0]]: field[1] }
  }

  /** Calls that are up die without a word, and no request comes in any more. */
  protected async drop(): Promise<void> {
    await Promise.all([...this.#calls].map((call) => (call.isOver ? call.mediaClosed() : call.abandon())))
    this.detach()
  }

  /** Nobody will call any more. */
  protected closeInbox(): void {
    this.#incoming.close(`${this.options.user} closed`)
  }

  #once(request: SipRequest, to: Address): Promise<SipResponse> {
    return new Promise((resolve) => {
      this.peer.request(request, to, {
        onResponse: (response) => {
          if (response.status >= 200) resolve(response)
        },
        onTimeout: () => resolve(responseTo(request, 408)),
      })
    })
  }

  #receive(transaction: ServerTransaction): void {
    const { request } = transaction
    if (request.method === 'OPTIONS') return void transaction.respond(200, { headers: { Allow: allowed } })
    if (request.method !== 'INVITE') return void transaction.respond(405, { headers: { Allow: allowed } })
    const policy = typeof this.#decision === 'function' ? this.#decision(request) : this.#decision
    const call = new IncomingCall(this, transaction, policy)
    this.#keep(call)
    this.#incoming.deliver(call)
    call.start()
  }

  #keep(call: Call): void {
    this.#calls.add(call)
    void call.ended.then(() => call.mediaClosed()).then(() => this.#calls.delete(call))
  }
}
