import type { ConnectionOptions } from 'node:tls'
import { afterEach } from 'vitest'
import {
  startSipServer,
  type SharedSipServer,
  type SipServerOptions,
} from '../../../../src/embedded/sip/index.js'
import { TestApp } from './app.js'
import { TcpPeer, UdpPeer, type Peer } from './peer.js'
import { TlsPeer } from './tls-peer.js'
import { WebSocketPeer, type WebSocketPeerOptions } from './websocket-peer.js'

/**
 * Timers short enough for tests. Those that end a transaction are not: a busy machine may take a second over
 * what is due now, and a test that is about such a timer sets it itself.
 */
export const QUICK = { t1: 20, t2: 80, t4: 50, timerB: 5_000, timerD: 200, timerF: 5_000, timerH: 5_000 }

/** A server, its apps and its peers; closed after each test, and checked for what was left behind. */
export class World {
  readonly peers: Peer[] = []
  readonly apps: TestApp[] = []

  private constructor(
    readonly server: SharedSipServer,
    /** What the server reported to have gone wrong inside. */
    readonly faults: readonly unknown[],
  ) {}

  static async start(options: Partial<SipServerOptions> = {}): Promise<World> {
    const faults: unknown[] = []
    const server = await startSipServer({
      listen: [
        { protocol: 'udp', host: '127.0.0.1', port: 0 },
        { protocol: 'tcp', host: '127.0.0.1', port: 0 },
      ],
      timers: QUICK,
      onFault: (fault) => faults.push(fault),
      ...options,
      control: options.control ?? {},
    })
    const world = new World(server, faults)
    open.push(world)
    return world
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.server.listening[0]?.port ?? 0 }
  }

  /** Where the server listens for that transport. */
  at(protocol: string): { host: string; port: number } {
    const point = this.server.listening.find((one) => one.protocol === protocol)
    if (!point) throw new Error(`the server does not listen on ${protocol}`)
    return { host: point.host, port: point.port }
  }

  /** A SIP URI at that peer. */
  uri(peer: Peer, user = 'bob'): string {
    const transport = peer.protocol === 'udp' ? '' : `;transport=${peer.protocol}`
    return `sip:${user}@127.0.0.1:${peer.port}${transport}`
  }

  async app(): Promise<TestApp> {
    const app = await TestApp.connect(this.server)
    this.apps.push(app)
    return app
  }

  async udp(): Promise<UdpPeer> {
    const peer = await UdpPeer.open(this.address)
    this.peers.push(peer)
    return peer
  }

  async tcp(): Promise<TcpPeer> {
    const peer = await TcpPeer.open(this.address)
    this.peers.push(peer)
    return peer
  }

  async tls(options: ConnectionOptions = {}): Promise<TlsPeer> {
    const peer = await TlsPeer.open(this.at('tls'), options)
    this.peers.push(peer)
    return peer
  }

  async webSocket(protocol: 'ws' | 'wss' = 'ws', options: WebSocketPeerOptions = {}): Promise<WebSocketPeer> {
    const peer = await WebSocketPeer.open(protocol, this.at(protocol), options)
    this.peers.push(peer)
    return peer
  }

  async close(): Promise<void> {
    for (const app of this.apps) app.close()
    for (const peer of this.peers) peer.close()
    await this.server.close()
  }
}

const open: World[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((world) => world.close()))
})

/** Waits until a condition holds, looking again after each turn of the event loop. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
