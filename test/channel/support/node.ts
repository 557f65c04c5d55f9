import { randomBytes } from 'node:crypto'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'
import { createLocalBus } from '../../../src/adapters/bus/local.js'
import { systemClock } from '../../../src/adapters/system/clock.js'
import { CHANNEL_LIMITS, type ChannelLimits } from '../../../src/clients/channel/limits.js'
import type { ClientHub } from '../../../src/clients/hub/client-hub.js'
import { createClientHub } from '../../../src/clients/hub/hub.js'
import { loadTokenKeys } from '../../../src/clients/tokens/keys.js'
import { createRevocations, type Revocations } from '../../../src/clients/tokens/revocations.js'
import { createTokens, type Tokens } from '../../../src/clients/tokens/tokens.js'
import { createChannelUpgrade } from '../../../src/http/channel/upgrade.js'
import { createHttp } from '../../../src/http/index.js'
import type { Route } from '../../../src/http/route.js'
import { clientChannel } from '../../../src/http/routes/client-channel.js'
import { clientMessages } from '../../../src/http/routes/client-messages.js'
import type { Bus } from '../../../src/ports/bus.js'
import type { InvitationControl } from '../../../src/ports/invitation-control.js'
import type { PresenceControl } from '../../../src/ports/presence.js'
import type { Store } from '../../../src/ports/store.js'
import { FakeStore } from '../../support/fake-store.js'
import { RecordingLog } from '../../wake/recording-log.js'
import { TestClient } from './client.js'
import { FakeCalls } from './fake-calls.js'
import { FakeClientCalls } from './fake-client-calls.js'

/** 2100, in microseconds. */
export const FAR = Date.UTC(2100, 0, 1) * 1000

/** What the nodes of one site share. */
export interface Site {
  readonly store: Store
  readonly bus: Bus
  readonly tokens: Tokens
  readonly revocations: Revocations
}

export async function openSite(more: Partial<Pick<Site, 'store' | 'bus'>> = {}): Promise<Site> {
  const keys = await loadTokenKeys([], () => Promise.resolve(randomBytes(32)))
  const log = new RecordingLog()
  const { store = new FakeStore(), bus = createLocalBus({ log }) } = more
  const revocations = createRevocations({ store, bus, clock: systemClock, log })
  bus.subscribe((message) => revocations.heard(message))
  const tokens = createTokens({ keys, clock: systemClock, revoked: revocations.revoked })
  return { store, bus, tokens, revocations }
}

export interface NodeOptions {
  readonly limits?: Partial<ChannelLimits>
  /** Of web pages that may open a channel. */
  readonly origins?: readonly string[]
  readonly invitations?: (hub: ClientHub) => InvitationControl
  readonly presence?: PresenceControl
  readonly routes?: (invitations: InvitationControl) => readonly Route[]
}

/** The channel, its hub and the HTTP server of one node, on a free port. */
export class ChannelNode {
  readonly calls = new FakeCalls()
  readonly clientCalls = new FakeClientCalls()
  readonly log = new RecordingLog()
  /** Those of channels, open or not. */
  readonly sockets: ReadonlySet<Duplex> = new Set()

  private constructor(
    readonly site: Site,
    readonly hub: ClientHub,
    readonly base: string,
    readonly close: () => Promise<void>,
  ) {}

  static async start(site: Site, options: NodeOptions = {}): Promise<ChannelNode> {
    const calls = new FakeCalls()
    const clientCalls = new FakeClientCalls()
    const log = new RecordingLog()
    const { store, bus, tokens, revocations } = site
    // The hub and the invitations know each other.
    const held: { invitations?: InvitationControl } = {}
    const invitations = laterInvitations(() => held.invitations)
    const limits = { ...CHANNEL_LIMITS, ...options.limits }
    const hub = createClientHub({
      ...{
        store,
        bus,
        tokens,
        revocations,
        calls,
        clientCalls,
        invitations,
        clock: systemClock,
        log,
        limits,
      },
      ...(options.presence === undefined ? {} : { presence: options.presence }),
    })
    const made = options.invitations?.(hub)
    if (made !== undefined) held.invitations = made
    const channels = createChannelUpgrade(hub, options.origins)
    const sockets = new Set<Duplex>()
    const http = createHttp({
      ...{ host: '127.0.0.1', port: 0, store, log },
      readiness: () => Promise.resolve({ ready: true, parts: {} }),
      metrics: { text: () => Promise.resolve(''), contentType: 'text/plain' },
      live: () => ({ calls: 0, legs: 0, timers: 0, byPhase: {} }),
      clients: {
        tokens,
        routes: [clientChannel(), clientMessages(hub), ...(options.routes?.(invitations) ?? [])],
        upgrade(request, socket, head) {
          sockets.add(socket)
          channels.upgrade.call(this, request, socket, head)
        },
      },
    })
    const { port } = await http.listen()
    let closing: Promise<void> | undefined
    const close = async (): Promise<void> => {
      await hub.close()
      channels.close()
      await http.close()
    }
    const node = new ChannelNode(site, hub, `http://127.0.0.1:${String(port)}`, () => (closing ??= close()))
    Object.assign(node, { calls, clientCalls, log, sockets })
    onTestFinished(node.close)
    return node
  }

  /** The bytes that channels have carried both ways, so far. */
  get carried(): number {
    return [...this.sockets].reduce(
      (sum, socket) => sum + (socket instanceof Socket ? socket.bytesRead + socket.bytesWritten : 0),
      0,
    )
  }

  /** A device of the user, in the store. */
  async device(id: string, user = 'alice', token: string | null = `token-${id}`): Promise<string> {
    await this.site.store.putDevice({
      ...{ id, user, instance: null, createdAt: 1, seenAt: 1, retired: null },
      push: token === null ? null : { provider: 'acme', token },
    })
    return id
  }

  token(more: Partial<Parameters<Tokens['mintClient']>[0]> = {}): Promise<string> {
    return this.site.tokens.mintClient({
      ...{ client: 'app-1', user: 'alice', expiresAt: FAR },
      grants: { channel: true, invitations: true },
      ...more,
    })
  }

  /** A client that has connected and not said anything. */
  client(options: { readonly autoPong?: boolean } = {}): Promise<TestClient> {
    return TestClient.connect(this.base, options)
  }

  /** A client that has said hello and was welcomed. */
  async welcomed(
    hello: { readonly token?: string; readonly device?: string; readonly resume?: number } = {},
  ): Promise<TestClient> {
    const client = await this.client()
    client.send({ type: 'hello', token: await this.token(), ...hello })
    await client.next('welcome')
    return client
  }

  /** A message that says `n`. */
  async tell(
    n: number,
    to = { client: 'app-1', device: null as string | null },
    expiresAt = FAR,
  ): Promise<void> {
    const { store, bus } = this.site
    const body = JSON.stringify({ type: 'test', n })
    await store.putMessages([{ to, body, expiresAt }], CHANNEL_LIMITS.queue)
    await bus.publish({ type: 'client-message', to })
  }

  async get(path: string, token: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, ...init.headers }
    return fetch(this.base + path, { ...init, headers })
  }
}

/** What `made` gives, once it is there. */
function laterInvitations(made: () => InvitationControl | undefined): InvitationControl {
  const now = (): InvitationControl => {
    const invitations = made()
    if (invitations === undefined) throw new Error('this node has no invitations')
    return invitations
  }
  return {
    create: (...given) => now().create(...given),
    view: (...given) => now().view(...given),
    viewAsDevice: (...given) => now().viewAsDevice(...given),
    accept: (...given) => now().accept(...given),
    decline: (...given) => now().decline(...given),
    connect: (...given) => now().connect(...given),
    cancel: (...given) => now().cancel(...given),
  }
}
