import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { Caller, Phone, PushService, type Address } from '../../../src/demo/index.js'
import { SteeredGateway } from '../../nodes/support/steered-gateway.js'
import { untilQuiet } from '../../process/support/gauges.js'
import type { ConfigTree } from '../../process/support/site.js'
import { ServerProcess } from '../../support/process.js'
import type { RealServers } from './real-servers.js'
import { untilNoChannels, untilNoDialogs } from './leftovers.js'

export interface DeploymentOptions {
  readonly servers: RealServers
  /** URL of an empty PostgreSQL database. */
  readonly database: string
  /** Names; each has the password `secret`. */
  readonly users: readonly string[]
  /** One for each method of SIP, in lower case, that a node is to get no requests of; default one node, which gets all. */
  readonly withheld?: readonly (string | undefined)[]
}

/** The longest timer of RFC 3261 that a finished call leaves behind is 64·T1, 32 s; and some time to ask. */
const TIMERS_MS = 45_000

/** Nodes of Reveille, each a process of its own, on real servers and one database; phones and trunks that call. */
export class Deployment {
  readonly #players: { close(): Promise<void> }[] = []

  private constructor(
    private readonly options: DeploymentOptions,
    private readonly directory: string,
    readonly push: PushService,
    readonly nodes: readonly ServerProcess[],
    private readonly gateways: readonly SteeredGateway[],
    /** Where phones and trunks send to. */
    readonly sip: Address,
  ) {}

  /** Resolves when calls can come. Rejects, with nothing left open, where a node does not start. */
  static async open(options: DeploymentOptions): Promise<Deployment> {
    const { servers, withheld = [undefined] } = options
    const directory = await mkdtemp(join(tmpdir(), 'reveille-deployment-'))
    const push = await PushService.open()
    const gateways: SteeredGateway[] = []
    const nodes: ServerProcess[] = []
    try {
      for (const [n, verb] of withheld.entries()) {
        const gateway = verb === undefined ? undefined : await SteeredGateway.open(servers.drachtio, verb)
        if (gateway !== undefined) gateways.push(gateway)
        const config = join(directory, `node${n}.yaml`)
        const tree = treeOf(options, push, `node${n}`, gateway?.entry ?? servers.drachtio)
        await writeFile(config, stringify(tree))
        nodes.push(await ServerProcess.start(['--config', config], directory))
      }
      const sip = (await Promise.all(nodes.map(ready))).at(-1)
      if (sip === undefined) throw new Error('a deployment has at least one node')
      return new Deployment(options, directory, push, nodes, gateways, sip)
    } catch (error) {
      await dispose(nodes, gateways, push, directory)
      throw error
    }
  }

  /** The only node, or the first. */
  get node(): ServerProcess {
    const [first] = this.nodes
    if (first === undefined) throw new Error('there is no node')
    return first
  }

  async caller(): Promise<Caller> {
    const caller = await Caller.open({ ...this.#player('+15550000'), media: { hz: 800, listens: false } })
    this.#players.push(caller)
    return caller
  }

  /** Registered over UDP, and reached by push under {@link tokenOf} its user. It answers at once. */
  async phone(user: string): Promise<Phone> {
    const credentials = { username: user, password: 'secret' }
    const phone = await Phone.open({
      ...this.#player(user),
      credentials,
      media: { hz: 1000, listens: false },
    })
    phone.onInvite({ answerAfterMs: 0 })
    this.#players.push(phone)
    const contactParams = { 'pn-provider': 'acme', 'pn-prid': tokenOf(user), 'pn-param': 'app' }
    const response = await phone.register({ contactParams })
    if (response.status !== 200) throw new Error(`REGISTER got ${response.status} ${response.reason}`)
    return phone
  }

  /** As {@link phone}, but suspended since, its socket closed. */
  async sleepingPhone(user: string): Promise<Phone> {
    const phone = await this.phone(user)
    await phone.sleep()
    return phone
  }

  /** Resolves when nothing of any call is open: not at the nodes, and not at the servers. */
  async quiet(withinMs = TIMERS_MS): Promise<void> {
    await Promise.all(this.nodes.map(({ url }) => untilQuiet(url, { withinMs, sip: 'drachtio' })))
    await untilNoChannels(this.options.servers.freeswitch)
    await untilNoDialogs(this.sip)
  }

  async close(): Promise<void> {
    for (const player of this.#players) await player.close()
    await dispose(this.nodes, this.gateways, this.push, this.directory)
  }

  #player(user: string) {
    return { user, protocol: 'udp', domain: 'example.net', proxy: this.sip, keepsLog: false } as const
  }
}

/** The push token of a user's phone. */
export function tokenOf(user: string): string {
  return `token-${user}`
}

function treeOf(
  { servers, database, users }: DeploymentOptions,
  push: PushService,
  node: string,
  { host, port, secret }: RealServers['drachtio'],
): ConfigTree {
  return {
    sip: {
      engine: 'drachtio',
      domain: 'example.net',
      servers: [{ name: 'edge', host, port, secret }],
    },
    media: { engine: 'freeswitch', servers: [{ name: 'media', ...servers.freeswitch }] },
    database: { engine: 'postgres', url: database, node },
    push: { acme: { adapter: 'webhook', url: push.url } },
    http: { port: 0 },
    trunks: { carrier: { match: ['127.0.0.0/8'], trusted: true } },
    // Longer than any outage here takes.
    users: Object.fromEntries(users.map((name) => [name, { password: 'secret', ring: '3m' }])),
  }
}

/** Resolves, when calls can come, to where the SIP server takes UDP. */
async function ready(node: ServerProcess): Promise<Address> {
  const { listening } = await node.says('connected to the SIP server')
  while (!(await fetch(`${node.url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 20))
  const [, host, port] = /\budp\/([^:,]+):(\d+)/.exec(String(listening)) ?? []
  if (host === undefined) throw new Error(`the SIP server takes no UDP: ${String(listening)}`)
  return { host, port: Number(port) }
}

async function dispose(
  nodes: readonly ServerProcess[],
  gateways: readonly SteeredGateway[],
  push: PushService,
  directory: string,
): Promise<void> {
  await Promise.all(nodes.map((node) => node.kill()))
  for (const gateway of gateways) await gateway.close()
  await push.close()
  await rm(directory, { recursive: true, force: true })
}
