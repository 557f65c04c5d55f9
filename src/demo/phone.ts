import { randomUUID } from 'node:crypto'
import { headerFields, mergeFields, type HeaderFields } from './sip/build.js'
import { Impairment } from './sip/impairment.js'
import { MessageLog, type ExpectOptions } from './sip/log.js'
import { freshId, header, type SipMessage, type SipRequest, type SipResponse } from './sip/message.js'
import { SipPeer, type SipPeerOptions } from './sip/peer.js'
import type { Address } from './sip/uri.js'
import { UserAgent, type UserAgentOptions } from './user-agent.js'

export interface PhoneOptions extends UserAgentOptions, Omit<SipPeerOptions, 'name' | 'connectTo' | 'log'> {
  /** A socket that several phones share: it is theirs who opened it, and is not closed here. */
  readonly shared?: SipPeer | undefined
}

export interface RegisterOptions {
  /** Seconds; default 3600. */
  readonly expires?: number
  /** Parameters of the Contact URI, as pn-provider, pn-prid and pn-param (RFC 8599). */
  readonly contactParams?: Readonly<Record<string, string>>
  /** Default: an instance id of the phone's own; false registers without (RFC 5626). */
  readonly instance?: string | false
  readonly regId?: number
  /** From a socket that is opened for it, as after a change of network; the old one is closed. */
  readonly newSocket?: boolean
  readonly headers?: HeaderFields
}

/** A phone with an app's habits: registers, sleeps with its sockets closed, is woken. */
export class Phone extends UserAgent {
  readonly instance = `urn:uuid:${randomUUID()}`
  /** Over all of its sockets. */
  readonly log: MessageLog
  readonly sending: Impairment
  readonly receiving: Impairment
  #registration: RegisterOptions = {}
  #sequence = 0
  readonly #registrationId = freshId()
  readonly #phone: PhoneOptions

  constructor(options: PhoneOptions) {
    super(options)
    this.#phone = options
    this.sending = options.sending ?? options.shared?.sending ?? new Impairment()
    this.receiving = options.receiving ?? options.shared?.receiving ?? new Impairment()
    this.log = options.shared?.log ?? new MessageLog(options.user, options.keepsLog)
  }

  /** With a socket, but not registered. Rejects where the server refuses the connection. */
  static async open(options: PhoneOptions): Promise<Phone> {
    const phone = new Phone(options)
    await phone.#openSocket()
    return phone
  }

  /**
   * The final response to REGISTER, challenges and 423 answered. What is not named is as in the last one that was
   * called. Opens a socket where there is none.
   */
  async register(options: RegisterOptions = {}): Promise<SipResponse> {
    this.#registration = { ...this.#registration, ...options, newSocket: false }
    if (options.newSocket === true || !this.awake) await this.#openSocket()
    const { expires = 3600 } = this.#registration
    const response = await this.#sendRegister(expires)
    const least = Number(header(response, 'Min-Expires') ?? 0)
    return response.status === 423 && least > expires ? this.#sendRegister(least) : response
  }

  /** Removes this contact, or with `all` every binding of the user (RFC 3261 §10.2.2). */
  unregister({ all = false } = {}): Promise<SipResponse> {
    if (!all) return this.#sendRegister(0)
    return this.#exchangeRegister({ Contact: '*', Expires: '0' })
  }

  /** The bindings, without a change: a REGISTER that has no Contact (§10.2.3). */
  query(): Promise<SipResponse> {
    return this.#exchangeRegister({})
  }

  /** The OS suspends the app: sockets close, calls die, nobody is told. */
  async sleep(): Promise<void> {
    if (!this.awake) return
    const { peer } = this
    await this.drop()
    if (this.#phone.shared === undefined) await peer.close()
  }

  /** A push woke the app: a new socket, and the REGISTER that the last one was; to another edge where one is named. */
  wake(options: RegisterOptions & { readonly edge?: Address } = {}): Promise<SipResponse> {
    const { edge, ...registration } = options
    if (edge !== undefined) this.proxy = edge
    return this.register(registration)
  }

  /** A push woke the app, which opens a new socket and does not register: it is to call in. */
  async wakeSilently(): Promise<void> {
    if (!this.awake) await this.#openSocket()
  }

  expect<T extends SipMessage = SipMessage>(
    matches: ((message: SipMessage) => message is T) | ((message: SipMessage) => boolean),
    options?: ExpectOptions,
  ): Promise<T> {
    return this.log.expect<T>(matches, options)
  }

  async close(): Promise<void> {
    await this.sleep()
    this.closeInbox()
    if (this.#phone.shared === undefined) this.log.close()
  }

  #sendRegister(expires: number): Promise<SipResponse> {
    const { contactParams, instance = this.instance, regId, headers } = this.#registration
    const params = [
      ...(instance === false ? [] : [`;+sip.instance="<${instance}>"`]),
      ...(regId === undefined ? [] : [`;reg-id=${regId}`]),
      `;expires=${expires}`,
    ]
    const contact = `<${this.contact(contactParams)}>${params.join('')}`
    return this.#exchangeRegister(mergeFields({ Contact: contact, Expires: String(expires) }, headers))
  }

  #exchangeRegister(fields: HeaderFields): Promise<SipResponse> {
    const build = (authorization: HeaderFields): SipRequest =>
      this.#buildRegister(mergeFields(fields, authorization))
    return this.exchange('REGISTER', `sip:${this.options.domain}`, build, this.proxy, fields)
  }

  #buildRegister(fields: HeaderFields): SipRequest {
    const own: HeaderFields = {
      'Max-Forwards': '70',
      From: `<${this.addressOfRecord}>;tag=${freshId()}`,
      To: `<${this.addressOfRecord}>`,
      'Call-ID': this.#registrationId,
      CSeq: `${++this.#sequence} REGISTER`,
      Supported: 'path, outbound',
    }
    const headers = headerFields(mergeFields(own, fields))
    return { kind: 'request', method: 'REGISTER', uri: `sip:${this.options.domain}`, headers, body: '' }
  }

  async #openSocket(): Promise<void> {
    const old = this.awake ? this.peer : undefined
    const { shared, port, ...options } = this.#phone
    if (shared !== undefined) return this.attach(shared)
    const peer = await SipPeer.open({
      ...options,
      name: options.user,
      // A fixed port is for the first socket: a new one is another.
      port: old === undefined ? port : 0,
      connectTo: options.protocol === 'udp' ? undefined : this.proxy,
      sending: this.sending,
      receiving: this.receiving,
      log: this.log,
    })
    this.attach(peer)
    await old?.close()
  }
}
