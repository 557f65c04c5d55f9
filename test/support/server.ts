import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Server, startServer } from '../../src/compose/server.js'
import { type Config, parseConfig, type WatchedConfig } from '../../src/config/index.js'
import {
  Caller,
  type CallerOptions,
  Phone,
  type PhoneOptions,
  PushService,
  type SipResponse,
} from '../../src/demo/index.js'
import { createLog } from '../../src/observe/log.js'
import { engineConfig, engines, phoneHost } from './engines.js'

/** The keys of a configuration file, as plain data. */
export type ConfigTree = Readonly<Record<string, unknown>>

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** A whole server in this process, on free ports, with a push stand-in; and players that talk to it. */
export class TestServer {
  private readonly players: { close(): Promise<void> }[] = []

  private constructor(
    private running: Server,
    readonly push: PushService,
    readonly logged: readonly LogLine[],
    private readonly reloadWith: (tree: ConfigTree) => void,
    private readonly startAgain: () => Promise<Server>,
    private readonly tidy: () => Promise<void>,
  ) {}

  /** `tree` is laid over a configuration with one trunk, the push service `acme`, and the users alice and bob. */
  static async start(tree: ConfigTree = {}): Promise<TestServer> {
    const directory = await mkdtemp(join(tmpdir(), 'reveille-test-'))
    const push = await PushService.open()
    const logged: LogLine[] = []
    const log = createLog({
      level: 'debug',
      pretty: false,
      destination: { write: (line) => void logged.push(JSON.parse(line) as LogLine) },
    })
    const { tree: engine, drop } = await engineConfig(directory)
    const base = merge(merge(baseConfig(push), engine), COMMON)
    const config = (over: ConfigTree): Config => parseConfig(stringify(merge(base, over)), 'test.yaml', {})
    const watched = fixedConfig(config(tree))
    const start = async (): Promise<Server> => reached(await startServer(watched, log))
    const reload = (next: ConfigTree): void => watched.replace(config(next))
    const tidy = async (): Promise<void> => {
      await drop()
      await rm(directory, { recursive: true, force: true })
    }
    return new TestServer(await start(), push, logged, reload, start, tidy)
  }

  get server(): Server {
    return this.running
  }

  /** Stops the server and starts it anew on the same database. Its ports are others then. */
  async restart(): Promise<void> {
    await this.running.close()
    this.running = await this.startAgain()
  }

  /** Where phones and trunks send to. */
  address(protocol = 'udp'): { host: string; port: number } {
    const point = this.server.sip.find((one) => one.protocol === protocol)
    if (point === undefined) throw new Error(`the server does not listen on ${protocol}`)
    return { host: point.host, port: point.port }
  }

  get url(): string {
    return `http://${this.server.http.host}:${this.server.http.port}`
  }

  async caller(options: Partial<CallerOptions> = {}): Promise<Caller> {
    const protocol = options.protocol ?? 'udp'
    const caller = await Caller.open({
      user: '+15550000',
      domain: 'example.net',
      proxy: this.address(protocol),
      ...options,
      protocol,
    })
    this.players.push(caller)
    return caller
  }

  /** A phone of `user`, whose password is `secret`. It answers after 20 ms unless told otherwise. */
  async phone(user = 'alice', options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const protocol = options.protocol ?? 'udp'
    const phone = await Phone.open({
      user,
      domain: 'example.net',
      credentials: { username: user, password: 'secret' },
      proxy: this.address(protocol),
      host: phoneHost(),
      ...options,
      protocol,
    })
    phone.onInvite({ answerAfterMs: 20 })
    this.players.push(phone)
    return phone
  }

  /** A phone that is registered, under `token` where it can be pushed. */
  async registeredPhone(user: string, token?: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await this.phone(user, options)
    await registered(phone.register(token === undefined ? {} : { contactParams: pushParams(token) }))
    return phone
  }

  /** A phone that can be pushed under `token`, registered once and asleep since. */
  async sleepingPhone(token: string, user = 'alice', options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await this.registeredPhone(user, token, options)
    await phone.sleep()
    return phone
  }

  /** Reloads with this laid over the base configuration. */
  reload(tree: ConfigTree): void {
    this.reloadWith(tree)
  }

  /** A metric's samples, by label text ('' for none). */
  async metric(name: string): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    const samples = new Map<string, number>()
    for (const line of text.split('\n')) {
      const match = /^([a-z_]+)(\{[^}]*\})? (\S+)$/.exec(line)
      if (match?.[1] === name) samples.set(match[2] ?? '', Number(match[3]))
    }
    return samples
  }

  async json<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path)
    if (!response.ok) throw new Error(`${path} got ${response.status}: ${await response.text()}`)
    return (await response.json()) as T
  }

  /** Resolves when nothing of any call is open; rejects where something still is after `withinMs`. */
  async quiet(withinMs = 5_000): Promise<void> {
    const end = Date.now() + withinMs
    for (;;) {
      const open = await this.open()
      if (Object.values(open).every((n) => n === 0)) return
      if (Date.now() > end) throw new Error(`still open: ${JSON.stringify(open)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  private async open(): Promise<Record<string, number>> {
    const names = [
      'reveille_open_legs',
      'reveille_open_timers',
      'reveille_media_endpoints',
      // A server of somebody else's has its own.
      ...(engines.drachtio === undefined ? ['reveille_sip_dialogs'] : []),
    ]
    const values = await Promise.all(
      names.map(async (name) => [name, (await this.metric(name)).get('')] as const),
    )
    // A gauge without a value says nothing: that is not quiet.
    return Object.fromEntries(values.map(([name, value]) => [name, value ?? NaN]))
  }

  async close(): Promise<void> {
    for (const player of this.players.splice(0)) await player.close()
    await this.server.close()
    await this.push.close()
    await this.tidy()
  }
}

/** Rejects where a REGISTER got anything but 200. */
async function registered(answered: Promise<SipResponse>): Promise<void> {
  const { status, reason } = await answered
  if (status !== 200) throw new Error(`REGISTER got ${status} ${reason}`)
}

/** Users for a configuration, called by name; each has the password `secret`. */
export function users(names: readonly string[], options: ConfigTree = {}): ConfigTree {
  return Object.fromEntries(names.map((name) => [name, { password: 'secret', ring: '10s', ...options }]))
}

export function pushParams(token: string): Record<string, string> {
  return { 'pn-provider': 'acme', 'pn-prid': token, 'pn-param': 'app' }
}

const COMMON: ConfigTree = { sip: { domain: 'example.net' } }

function baseConfig(push: PushService): ConfigTree {
  return {
    push: { acme: { adapter: 'webhook', url: push.url } },
    http: { port: 0 },
    log: { level: 'debug' },
    trunks: { carrier: { match: ['127.0.0.0/8'], trusted: true, ringback: 'early-media' } },
    users: {
      alice: { password: 'secret', numbers: ['+15551001'], ring: '10s' },
      bob: { password: 'secret', numbers: ['+15551002'], ring: '10s' },
    },
  }
}

/** A server of somebody else's is connected to in its own time. Rejects, with everything closed, where it stays away. */
async function reached(server: Server): Promise<Server> {
  const end = Date.now() + 10_000
  const url = `http://${server.http.host}:${server.http.port}/readyz`
  for (;;) {
    const answer = await fetch(url)
    if (answer.ok) return server
    if (Date.now() > end) {
      await server.close()
      throw new Error(`the server does not get ready: ${await answer.text()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function merge(base: ConfigTree, over: ConfigTree): ConfigTree {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key]
    merged[key] = isTree(before) && isTree(value) ? merge(before, value) : value
  }
  return merged
}

function isTree(value: unknown): value is ConfigTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fixedConfig(first: Config): WatchedConfig & { replace(next: Config): void } {
  let current = first
  const listeners = new Set<(config: Config, applied: readonly string[]) => void>()
  return {
    current: () => current,
    reload: () => ({ ok: true, applied: [], needRestart: [] }),
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    replace(next) {
      current = next
      for (const listener of listeners) listener(current, Object.keys(next))
    },
  }
}
