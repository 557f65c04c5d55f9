import type { SipServer } from '../../../src/embedded/sip/index.js'
import { startSipServer } from '../../../src/embedded/sip/index.js'
import { LoadPlayer, type LoadReport, type RunOptions } from '../../support/load.js'
import { type ConfigTree, TestServer, users } from '../../support/server.js'
import { SteeredGateway } from './steered-gateway.js'

export interface TwoNodesOptions {
  /** Of the database that they share. */
  readonly url: string
  readonly phones: number
  /** `a` gets every INVITE and `b` every REGISTER; else the SIP server hands both out in turn. */
  readonly steered: boolean
}

/** Two whole servers on one database and one SIP server, and phones that can be pushed. */
export class TwoNodes {
  private constructor(
    readonly sip: SipServer,
    readonly a: TestServer,
    readonly b: TestServer,
    private readonly player: LoadPlayer,
    private readonly gateways: readonly SteeredGateway[],
  ) {}

  /** The phones are registered, and asleep. */
  static async start({ url, phones, steered }: TwoNodesOptions): Promise<TwoNodes> {
    const sip = await startSipServer({
      control: {},
      listen: [{ protocol: 'udp', host: '127.0.0.1', port: 0 }],
      // What is sent to a phone that sleeps by now is given up soon.
      timers: { timerB: 2_000 },
    })
    const withheld = steered ? ['register', 'invite'] : []
    const gateways = await Promise.all(withheld.map((verb) => SteeredGateway.open(sip.control, verb)))
    const names = Array.from({ length: phones }, (_, n) => `user${n}`)
    const start = (n: number, more: ConfigTree): Promise<TestServer> =>
      TestServer.start({
        sip: { engine: 'drachtio', listen: undefined, servers: [entryOf(gateways[n]?.entry ?? sip.control)] },
        media: { ports: rangeOf(n) },
        database: { engine: 'postgres', path: undefined, url, node: ['a', 'b'][n] },
        users: users(names, { ring: '20s' }),
        ...more,
      })
    const a = await start(0, {})
    const b = await start(1, { push: { acme: { url: a.push.url } } })
    await Promise.all([ready(a), ready(b)])
    const { host, port } = pointOf(sip)
    const player = await LoadPlayer.prepare({
      server: { host, port },
      protocol: 'udp',
      domain: 'example.net',
      push: a.push,
      provider: 'acme',
      phones,
      phone: (n) => ({
        user: `user${n}`,
        password: 'secret',
        token: `token${n}`,
        uri: `sip:user${n}@example.net`,
      }),
    })
    return new TwoNodes(sip, a, b, player, gateways)
  }

  run(options: RunOptions): Promise<LoadReport> {
    return this.player.run(options)
  }

  /** Resolves when nothing of any call is open, INVITEs to phones that slept included. */
  async quiet(): Promise<void> {
    const open = async (): Promise<number> => {
      const legs = await Promise.all([this.a, this.b].map((node) => node.metric('reveille_open_legs')))
      return legs.reduce((sum, samples) => sum + (samples.get('') ?? NaN), this.sip.stats().dialogs)
    }
    while ((await open()) !== 0) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  async close(): Promise<void> {
    await this.player.close()
    await this.a.close()
    await this.b.close()
    for (const gateway of this.gateways) await gateway.close()
    await this.sip.close()
  }
}

/** How many REGISTERs a node has accepted. */
export function registrations(node: TestServer): number {
  return node.logged.filter(({ msg }) => msg === 'REGISTER accepted').length
}

/** Calls of the node that were bridged, and have ended. */
export async function bridgedCalls(node: TestServer): Promise<number> {
  const byLabels = await node.metric('reveille_calls_total')
  return [...byLabels].reduce((sum, [labels, n]) => (labels.includes('hung-up') ? sum + n : sum), 0)
}

async function ready(node: TestServer): Promise<void> {
  while (!(await fetch(`${node.url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 10))
}

function entryOf({ host, port, secret }: { host: string; port: number; secret: string }): ConfigTree {
  return { name: 'edge', host, port, secret }
}

function pointOf(sip: SipServer): { host: string; port: number } {
  const point = sip.listening.find(({ protocol }) => protocol === 'udp')
  if (point === undefined) throw new Error('the SIP server does not listen on UDP')
  return point
}

/** Each node has half of the ports that this process may use. */
function rangeOf(n: number): string {
  const from = 20_000 + (process.pid % 40) * 1000 + n * 500
  return `${from}-${from + 499}`
}
