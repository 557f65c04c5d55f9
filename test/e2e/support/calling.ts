import { loadTokenKeys } from '../../../src/clients/tokens/keys.js'
import { createTokens, type Tokens } from '../../../src/clients/tokens/tokens.js'
import type { Grants } from '../../../src/clients/tokens/claims.js'
import { systemClock } from '../../../src/adapters/system/clock.js'
import { type Call, type Caller, MediaSession, type OutgoingCall } from '../../../src/demo/index.js'
import { type Message, TestClient } from '../../channel/support/client.js'
import { type ConfigTree, TestServer } from '../../support/server.js'

const SECRET = 'a secret of thirty-two characters and more'
const KEYS = [{ id: 'k', algorithm: 'HS256', secret: SECRET } as const]
/** Nobody of this test calls from there: who calls from loopback is a client. */
const ELSEWHERE = ['192.0.2.0/24']

export const ANYBODY = { to: ['*', 'user:*', 'group:*'] }
/** A number outside. */
export const AWAY = '+12025550123'
export const CARRIER_HZ = 1600
export const CLIENT_HZ = 1000

/** A server whose calls out go to a carrier that takes any call. */
export class CallingWorld {
  private constructor(
    readonly server: TestServer,
    readonly carrier: Caller,
    readonly tokens: Tokens,
    private readonly tree: ConfigTree,
  ) {}

  /** alice may call anybody, and shows her number; bob may call nobody. */
  static async open(tree: ConfigTree = {}): Promise<CallingWorld> {
    const keys = await loadTokenKeys(KEYS, () => Promise.reject(new Error('the keys are configured')))
    const base = {
      tokens: { keys: KEYS },
      users: {
        alice: {
          password: 'secret',
          numbers: ['+15551001'],
          name: 'Alice Ames',
          ring: '10s',
          outgoing: ANYBODY,
        },
        bob: { password: 'secret', numbers: ['+15551002'], ring: '10s' },
        carol: {},
      },
      outgoing: { 'per-minute': 1000 },
      ...tree,
    }
    const server = await TestServer.start({ ...base, trunks: { carrier: { match: ELSEWHERE } } })
    const carrier = await server.caller({ user: 'carrier', media: { hz: CARRIER_HZ } })
    const world = new CallingWorld(server, carrier, createTokens({ keys, clock: systemClock }), base)
    world.configure()
    return world
  }

  /** The configuration from now on, laid over that of the world. */
  configure(tree: ConfigTree = {}, trunk: ConfigTree = {}): void {
    const { host, port } = this.carrier.peer.local
    const proxy = `sip:${host}:${port}`
    this.server.reload({
      ...this.tree,
      trunks: { carrier: { match: ELSEWHERE, trusted: true, proxy, ...trunk } },
      ...tree,
    })
  }

  /** Other trunks than the carrier, which has no proxy any more. */
  configureTrunks(trunks: ConfigTree): void {
    this.configure({ trunks: { ...trunks, carrier: { match: ['198.51.100.0/24'] } } })
  }

  /** As an operator does it. */
  async revoke(token: string): Promise<void> {
    const { status } = await fetch(`${this.server.url}/v1/tokens/${token}`, { method: 'DELETE' })
    if (status !== 204) throw new Error(`the token was not revoked: ${status}`)
  }

  token(grants: Grants, more: Partial<Parameters<Tokens['mintClient']>[0]> = {}): Promise<string> {
    const expiresAt = systemClock.now() + 3_600_000_000
    return this.tokens.mintClient({ client: 'app', user: 'alice', grants, expiresAt, ...more })
  }

  /** A client that was welcomed on its channel. */
  async client(token: string, resume?: number): Promise<ChannelClient> {
    const socket = await TestClient.connect(this.server.url)
    socket.send({ type: 'hello', token, ...(resume === undefined ? {} : { resume }) })
    await socket.next('welcome')
    return new ChannelClient(socket)
  }

  async close(): Promise<void> {
    await this.server.close()
  }
}

/** An app that makes calls over its channel. */
export class ChannelClient {
  readonly #results: Message[] = []
  readonly #told: Message[] = []

  constructor(readonly socket: TestClient) {}

  /** Number of the last message that it has seen. */
  seen = 0

  async ask(request: object): Promise<Message> {
    this.socket.send(request)
    return this.#take(this.#results)
  }

  /** The next numbered message, whatever result comes before it. */
  async told(type: string): Promise<Message> {
    const message = await this.#take(this.#told)
    if (message.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(message)}`)
    this.seen = message.seq ?? this.seen
    return message
  }

  async #take(from: Message[]): Promise<Message> {
    for (;;) {
      const first = from.shift()
      if (first !== undefined) return first
      const message = await this.socket.next()
      if (message.type === 'result') this.#results.push(message)
      else this.#told.push(message)
    }
  }
}

/** A call over a channel, with its media. */
export class AppCall {
  private constructor(
    readonly client: ChannelClient,
    readonly media: MediaSession,
    readonly id: string,
  ) {}

  static async open(client: ChannelClient, to: string, more: object = {}): Promise<AppCall> {
    const media = await MediaSession.open({ hz: CLIENT_HZ })
    const result = await client.ask({ type: 'call', ref: 1, to, sdp: media.offer(), ...more })
    const { id } = result['call'] as { id: string }
    return new AppCall(client, media, id)
  }

  async answered(): Promise<void> {
    const { sdp, callId } = await this.client.told('call-answered')
    if (callId !== this.id || !this.media.accept(String(sdp)))
      throw new Error('this is no answer to the call')
  }

  /** Cause, side and status of its end. */
  async ended(): Promise<readonly unknown[]> {
    const { callId, ending } = await this.client.told('call-ended')
    if (callId !== this.id) throw new Error('another call has ended')
    const { cause, by, status } = ending as { cause: string; by: string; status: number }
    return [cause, by, status]
  }

  hangUp(): Promise<Message> {
    return this.client.ask({ type: 'hangup', callId: this.id })
  }
}

/** Each side hears the other. */
export async function talk(client: MediaSession, carrier: MediaSession): Promise<void> {
  await Promise.all([
    client.rtp.receiver.hearing?.hears([CARRIER_HZ]),
    carrier.rtp.receiver.hearing?.hears([CLIENT_HZ]),
  ])
}

export async function hangUp(call: OutgoingCall | Call, other: Call): Promise<void> {
  call.hangUp()
  await Promise.all([call.ended, other.ended])
}
