import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { Caller, PushService, type Address } from '../../src/demo/index.js'
import type { Ticker } from '../../src/demo/rtp/ticker.js'
import { ServerProcess } from '../../test/support/process.js'
import { nodeFlags } from '../support/node-flags.js'
import { transports } from './options.js'
import { runningClock } from './running-clock.js'
import type { Edge } from './device.js'
import { CALLER_HZ, DOMAIN, PROVIDER, subscriberOf } from './subscriber.js'
import { ways, type WayName } from './ways.js'

/** Reveille on embedded engines in a process of its own; here, a trunk's caller and the push service. */
export class Site implements Edge {
  private constructor(
    private readonly directory: string,
    private readonly server: ServerProcess,
    private readonly points: ReadonlyMap<string, Address>,
    readonly http: Address,
    readonly push: PushService,
    readonly caller: Caller,
    private readonly clock: Ticker,
  ) {}

  /** Rejects, with everything closed, where the server does not come up. */
  static async open(played: readonly WayName[]): Promise<Site> {
    const directory = await mkdtemp(join(tmpdir(), 'reveille-bench-'))
    const push = await PushService.open()
    const clock = runningClock()
    try {
      const file = join(directory, 'reveille.yaml')
      await writeFile(file, stringify(configuration(push, played)))
      const server = await ServerProcess.start(['--config', file], directory, nodeFlags)
      const up = await server.says('Reveille is up')
      const points = new Map((up['sip'] as readonly string[]).map(pointOf))
      const proxy = points.get('udp')
      if (proxy === undefined) throw new Error('the server does not listen on UDP')
      const media = { hz: CALLER_HZ, listens: false, clock }
      const caller = await Caller.open({
        user: '+15550000',
        protocol: 'udp',
        domain: DOMAIN,
        proxy,
        media,
        keepsLog: false,
      })
      const [, http] = pointOf(`http:${String(up['http'])}`)
      return new Site(directory, server, points, http, push, caller, clock)
    } catch (error) {
      clock.stop()
      await push.close()
      await rm(directory, { recursive: true, force: true })
      throw error
    }
  }

  /** Where phones send to. */
  point(transport: string): Address {
    const point = this.points.get(transport)
    if (point === undefined) throw new Error(`the server does not listen on ${transport}`)
    return point
  }

  /** Faults that the server wrote into its log. */
  get faults(): readonly string[] {
    return this.server.errors.map((line) => JSON.stringify(line))
  }

  async close(): Promise<void> {
    await this.caller.close()
    this.clock.stop()
    await this.server.stop()
    await this.push.close()
    await rm(this.directory, { recursive: true, force: true })
  }
}

function configuration(push: PushService, played: readonly WayName[]): object {
  const users = played.map((way) => {
    const { user, password, number } = subscriberOf(way)
    return [user, { password, numbers: [number], ring: '20s', ...ways[way].user }]
  })
  return {
    sip: { domain: DOMAIN, listen: transports.map((protocol) => ({ protocol, port: 0 })) },
    database: { path: './data' },
    push: { [PROVIDER]: { adapter: 'webhook', url: push.url } },
    http: { port: 0 },
    log: { level: 'info' },
    trunks: { carrier: { match: ['127.0.0.0/8'], trusted: true, ringback: 'early-media' } },
    users: Object.fromEntries(users) as object,
  }
}

/** From `name:host:port`. */
function pointOf(text: string): [string, Address] {
  const [, name = '', host = '', port = ''] = /^(\w+):(.*):(\d+)$/.exec(text) ?? []
  return [name, { host, port: Number(port) }]
}
