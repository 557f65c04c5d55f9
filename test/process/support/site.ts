import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { stringify } from 'yaml'
import { Caller, Phone, PushService, type CallerOptions, type PhoneOptions } from '../../../src/demo/index.js'
import { reveille, ServerProcess, type Ran } from '../../support/process.js'
import { freePort } from './ports.js'

export type ConfigTree = Readonly<Record<string, unknown>>

/** A directory with a configuration and a database in it, and ports that it keeps over restarts. */
export class Site {
  readonly #servers: ServerProcess[] = []
  readonly #players: { close(): Promise<void> }[] = []

  private constructor(
    readonly directory: string,
    readonly push: PushService,
    /** Of UDP, TCP. */
    readonly sipPort: number,
    readonly httpPort: number,
  ) {}

  /** `tree`: sections that stand in the stead of the usual ones, which are a trunk, a push service, alice and bob. */
  static async open(tree: ConfigTree = {}): Promise<Site> {
    const directory = await mkdtemp(join(tmpdir(), 'reveille-site-'))
    const site = new Site(directory, await PushService.open(), await freePort(), await freePort())
    await cp(inject('database'), join(directory, 'data'), { recursive: true })
    await site.configure(tree)
    return site
  }

  get config(): string {
    return join(this.directory, 'reveille.yaml')
  }

  /** Writes the configuration anew. */
  async configure(tree: ConfigTree = {}): Promise<void> {
    await this.write(stringify({ ...this.#usual(), ...tree }))
  }

  async write(text: string): Promise<void> {
    await writeFile(this.config, text)
  }

  /** Begins to start. */
  launch(...more: readonly string[]): ServerProcess {
    const server = ServerProcess.launch(['--config', this.config, ...more], this.directory)
    this.#servers.push(server)
    return server
  }

  /** Resolves when it is up. */
  async start(...more: readonly string[]): Promise<ServerProcess> {
    const server = this.launch(...more)
    await server.says('Reveille is up')
    return server
  }

  /** A command with this configuration, in a process of its own. */
  run(...argv: readonly string[]): Promise<Ran> {
    return reveille([...argv, '--config', this.config], this.directory)
  }

  /** What a command prints with --json. Rejects where it fails. */
  async json<T>(...argv: readonly string[]): Promise<T> {
    const { code, out, err } = await this.run(...argv, '--json')
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${String(code)}: ${err}`)
    return JSON.parse(out) as T
  }

  async caller(options: Partial<CallerOptions> = {}): Promise<Caller> {
    const caller = await Caller.open({
      user: '+15550000',
      protocol: 'udp',
      domain: 'example.net',
      proxy: this.#proxy,
      ...options,
    })
    this.#players.push(caller)
    return caller
  }

  /** Its password is `secret`. It answers at once. */
  async phone(user: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await Phone.open({
      user,
      protocol: 'udp',
      domain: 'example.net',
      credentials: { username: user, password: 'secret' },
      proxy: this.#proxy,
      ...options,
    })
    phone.onInvite({ answerAfterMs: 0 })
    this.#players.push(phone)
    return phone
  }

  /** Registered, and reached by push under the token `token-<user>`. */
  async registeredPhone(user: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await this.phone(user, options)
    const contactParams = { 'pn-provider': 'acme', 'pn-prid': `token-${user}`, 'pn-param': 'app' }
    const response = await phone.register({ contactParams })
    if (response.status !== 200) throw new Error(`REGISTER got ${response.status} ${response.reason}`)
    return phone
  }

  /** As `registeredPhone`, but suspended since, and its connection gone. */
  async sleepingPhone(user: string): Promise<Phone> {
    const phone = await this.registeredPhone(user, { protocol: 'tcp' })
    await phone.sleep()
    return phone
  }

  /** Whatever still runs is ended. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.kill()))
    for (const player of this.#players) await player.close()
    await this.push.close()
    await rm(this.directory, { recursive: true, force: true })
  }

  get #proxy(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.sipPort }
  }

  #usual(): ConfigTree {
    const listen = ['udp', 'tcp'].map((protocol) => ({ protocol, port: this.sipPort }))
    return {
      sip: { domain: 'example.net', listen },
      media: { ports: rtpPorts() },
      database: { path: './data' },
      push: { acme: { adapter: 'webhook', url: this.push.url } },
      http: { port: this.httpPort },
      trunks: { carrier: { match: ['127.0.0.0/8'], trusted: true } },
      users: users('alice', 'bob'),
    }
  }
}

/** Users who are called by name; each has the password `secret`. */
export function users(...names: readonly string[]): ConfigTree {
  return Object.fromEntries(names.map((name) => [name, { password: 'secret', ring: '20s' }]))
}

/** Test files run beside each other: each process takes RTP ports of its own. */
function rtpPorts(): string {
  const from = 20_000 + (process.pid % 40) * 1000
  return `${from}-${from + 999}`
}
