import {
  Caller,
  headerList,
  type IncomingCall,
  type InvitePolicy,
  type OutgoingCall,
} from '../../../src/demo/index.js'
import { required, header, type SipRequest } from '../../../src/demo/sip/message.js'
import { digestFields, digestResponse } from '../../../src/demo/sip/digest.js'
import type { ServerTransaction } from '../../../src/demo/sip/server-transaction.js'
import type { Protocol } from '../../../src/demo/sip/transport.js'
import { addressOf, parseNameAddr, parseUri, type Address, type SipUri } from '../../../src/demo/sip/uri.js'

export interface WakingServerOptions {
  readonly protocol: Protocol
  /** As PushService.url. */
  readonly pushUrl: string
  /** Every REGISTER is challenged where a password is set: user name is the AOR's user part. */
  readonly password?: string
  readonly algorithm?: 'MD5' | 'SHA-256'
  readonly ringback?: InvitePolicy
  readonly t1?: number
}

interface Binding {
  readonly contact: string
  /** Where the REGISTER came from: calls go back there. */
  readonly source: Address
}

/**
 * The least server that wakes phones: so that the players themselves can be tested, and the load player, without
 * the real one. It hands the caller's SDP to the phone, so the two talk directly.
 */
export class WakingServer {
  readonly #tokens = new Map<string, string>()
  readonly #bindings = new Map<string, Binding>()
  readonly #waiting = new Map<string, ((binding: Binding) => void)[]>()
  readonly faults: unknown[] = []

  private constructor(
    private readonly ua: Caller,
    private readonly options: WakingServerOptions,
  ) {
    ua.peer.onUser('', (transaction) => this.#register(transaction))
    ua.onInvite({ ringAfterMs: 0, ...options.ringback })
  }

  static async open(options: WakingServerOptions): Promise<WakingServer> {
    const { protocol, t1 = 100 } = options
    const ua = await Caller.open({
      user: 'server',
      protocol,
      proxy: { host: '127.0.0.1', port: 9 },
      timers: { t1 },
    })
    const server = new WakingServer(ua, options)
    void server.#serve()
    return server
  }

  get address(): Address {
    return this.ua.peer.local
  }

  /** What it still holds: zero when every call is over. */
  get liveCalls(): number {
    return this.ua.calls.length
  }

  async close(): Promise<void> {
    await this.ua.close()
  }

  async #serve(): Promise<void> {
    for (;;) {
      const call = await this.ua.nextCall(2 ** 30).catch(() => undefined)
      if (call === undefined) return
      this.#wake(call).catch((error: unknown) => this.faults.push(error))
    }
  }

  async #wake(caller: IncomingCall): Promise<void> {
    const user = parseUri(caller.invite.uri)?.user ?? ''
    const token = this.#tokens.get(user)
    if (token === undefined) return caller.decline(404)
    const registered = new Promise<Binding>((resolve) => {
      this.#waiting.set(user, [...(this.#waiting.get(user) ?? []), resolve])
    })
    const pushed = await this.#push(token, caller)
    if (pushed >= 400) return caller.decline(480)
    const binding = await Promise.race([registered, caller.ended.then(() => undefined)])
    if (binding === undefined || caller.isOver) return
    this.ua.proxy = binding.source
    const callee = await this.ua.call(binding.contact, { sdp: { verbatim: caller.invite.body } })
    await this.#join(caller, callee)
  }

  async #push(token: string, caller: IncomingCall): Promise<number> {
    const response = await fetch(this.options.pushUrl.replace('{token}', encodeURIComponent(token)), {
      method: 'POST',
      body: JSON.stringify({
        device: { id: token, provider: 'acme', token },
        kind: 'call',
        callId: caller.callId,
      }),
    })
    await response.arrayBuffer()
    return response.status
  }

  async #join(caller: IncomingCall, callee: OutgoingCall): Promise<void> {
    void caller.ended.then(() => callee.hangUp())
    void callee.ended.then(() => caller.hangUp())
    const outcome = await callee.outcome
    caller.mediaOrNone?.rtp.stopSending()
    if (outcome.kind === 'answered') await caller.answer({ sdp: outcome.response.body })
    else if (outcome.kind === 'failed') caller.decline(outcome.status)
  }

  #register(transaction: ServerTransaction): void {
    const { request } = transaction
    if (!this.#allowed(request)) {
      const { algorithm = 'MD5' } = this.options
      const challenge = `Digest realm="test", nonce="abc", qop="auth", algorithm=${algorithm}`
      return void transaction.respond(401, { headers: { 'WWW-Authenticate': challenge } })
    }
    const user = parseUri(parseNameAddr(required(request, 'To')).uri)?.user ?? ''
    const contacts = headerList(request, 'Contact')
    for (const contact of contacts) this.#bind(user, contact, request, transaction.flow.remote)
    transaction.respond(200, { headers: { Contact: contacts } })
    this.#release(user)
  }

  #bind(user: string, contact: string, request: SipRequest, source: Address): void {
    const { uri, params } = parseNameAddr(contact)
    const parsed: SipUri | undefined = parseUri(uri)
    const token = parsed?.params.get('pn-prid')
    if (token !== undefined) this.#tokens.set(user, token)
    const expires = params.get('expires') ?? header(request, 'Expires')
    if (uri === '*' || expires === '0') this.#bindings.delete(user)
    else this.#bindings.set(user, { contact: uri, source })
  }

  #release(user: string): void {
    const binding = this.#bindings.get(user)
    if (binding === undefined) return
    const waiting = this.#waiting.get(user) ?? []
    this.#waiting.delete(user)
    for (const release of waiting) release(binding)
  }

  #allowed(request: SipRequest): boolean {
    const { password, algorithm = 'MD5' } = this.options
    if (password === undefined) return true
    const fields = digestFields(header(request, 'Authorization') ?? '')
    const of = (name: string): string => fields.get(name) ?? ''
    const expected = digestResponse({
      username: of('username'),
      password,
      realm: 'test',
      nonce: 'abc',
      algorithm,
      method: 'REGISTER',
      uri: of('uri'),
      auth: { nc: of('nc'), cnonce: of('cnonce') },
    })
    return of('response') === expected && addressOf(of('uri')).host !== ''
  }
}
