import {
  type Address,
  CallApi,
  MediaSession,
  Phone,
  type MediaOptions,
  type SipResponse,
} from '../../src/demo/index.js'
import type { Ticker } from '../../src/demo/rtp/ticker.js'
import { openSecureTransport } from '../../test/support/sip/secure-transport.js'
import { DelayingProxy } from './delaying-proxy.js'
import type { Transport } from './options.js'
import { runningClock } from './running-clock.js'
import { DOMAIN, PHONE_HZ, pushParams, type Subscriber } from './subscriber.js'

/** What a device talks to. */
export interface Edge {
  readonly http: Address
  /** Where phones send to over this transport. */
  point(transport: string): Address
}

/**
 * A phone whose app was just started by a push, behind a slow link: it knows no nonce, and its connections to the
 * server are open. Everything that it sends and receives takes the link's delay: SIP, HTTP and RTP.
 */
export class Device {
  #registered = false

  private constructor(
    private readonly subscriber: Subscriber,
    readonly phone: Phone,
    readonly api: CallApi,
    private readonly proxy: DelayingProxy,
    private readonly media: MediaOptions & { readonly clock: Ticker },
    private readonly delayMs: number,
  ) {}

  /** `delayMs`: of the link, one way. Signalling is not delayed until `slow`. */
  static async open(
    edge: Edge,
    subscriber: Subscriber,
    transport: Transport,
    delayMs: number,
  ): Promise<Device> {
    const proxy = await DelayingProxy.open(edge.http)
    const media = { hz: PHONE_HZ, listens: false, clock: runningClock(), delayMs }
    const { user, password } = subscriber
    const phone = await Phone.open({
      user,
      domain: DOMAIN,
      credentials: { username: user, password },
      proxy: edge.point(transport),
      protocol: transport,
      openTransport: transport === 'ws' ? openSecureTransport : undefined,
      media,
    })
    phone.onInvite({ ringAfterMs: 'never' })
    const api = new CallApi(proxy.address)
    await api.connect()
    return new Device(subscriber, phone, api, proxy, media, delayMs)
  }

  /** From now on SIP and HTTP take the link's delay, or none; nothing may be under way. */
  slow(on: boolean): void {
    const delayMs = on ? this.delayMs : 0
    this.phone.sending.set({ delayMs })
    this.phone.receiving.set({ delayMs })
    this.proxy.delayMs = delayMs
  }

  /** A session of its own, where no SIP of the device carries its description. */
  openMedia(): Promise<MediaSession> {
    return MediaSession.open(this.media)
  }

  /** Whether the server has a binding of it. */
  get registered(): boolean {
    return this.#registered
  }

  /** With the call token in the stead of the password (RFC 8898), or with the password. */
  async register(bearer?: string): Promise<void> {
    const { token, instance } = this.subscriber
    const headers = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }
    const contactParams = pushParams(token)
    expectOk('REGISTER', await this.phone.register({ contactParams, instance, headers }))
    this.#registered = true
  }

  /** Falls asleep: the binding goes, and the device, which can be pushed, stays. */
  async unregister(): Promise<void> {
    const { instance } = this.subscriber
    const response = await this.phone.register({ contactParams: {}, instance, headers: {}, expires: 0 })
    expectOk('REGISTER without an expiry', response)
    this.#registered = false
  }

  async close(): Promise<void> {
    this.api.close()
    await this.phone.close()
    await this.proxy.close()
    this.media.clock.stop()
  }
}

function expectOk(what: string, { status, reason }: SipResponse): void {
  if (status !== 200) throw new Error(`${what} got ${status} ${reason}`)
}
