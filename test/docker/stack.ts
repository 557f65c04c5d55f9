import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Server, startServer } from '../../src/compose/server.js'
import { parseConfig } from '../../src/config/index.js'
import { createLog } from '../../src/observe/log.js'
import { Child } from '../clients/child.js'
import { freePorts } from '../clients/free-ports.js'
import { tiedToUs } from '../clients/pbx/place.js'
import { DOCKER, deployed, type Service, services } from './deployment.js'

const RTP_PORTS = 100
/** Instead of the two hours after which FreeSWITCH gives up a channel that nothing comes in on. */
const MEDIA_TIMEOUT_MS = 5_000
/** Docker asks each ten seconds; here nobody has so much time. */
const ASK_MS = 250
const HEALTHY_MS = 45_000
const QUIET_MS = 10_000

interface Ports {
  readonly sip: number
  readonly drachtio: number
  readonly mediaSip: number
  readonly eventSocket: number
  readonly rtp: number
}

/** The servers of compose.yaml without containers: its commands, environment, files and health checks, on free ports. */
export class Stack {
  private readonly programs: Child[] = []

  private constructor(
    readonly ports: Ports,
    private readonly env: Readonly<Record<string, string>>,
    private readonly folder: string,
  ) {}

  static async make(env: Readonly<Record<string, string>>): Promise<Stack> {
    const ports = {
      sip: await freePorts(1),
      drachtio: await freeTcpPort(),
      mediaSip: await freePorts(1),
      eventSocket: await freeTcpPort(),
      rtp: await freePorts(RTP_PORTS),
    }
    return new Stack(ports, env, await mkdtemp(join(tmpdir(), 'reveille-stack-')))
  }

  /** Resolves when its health check says so. */
  async startDrachtio(): Promise<void> {
    const { command = [], environment = {} } = this.service('drachtio')
    const config = this.file('drachtio.conf.xml')
    await writeFile(config, this.moved(deployed('drachtio.conf.xml')))
    // Where the image has it: /etc/drachtio.conf.xml.
    await this.run('drachtio', [...command, '-f', config], environment)
  }

  async startFreeswitch(): Promise<void> {
    const { command = [], environment = {} } = this.service('freeswitch')
    const config = this.file('freeswitch')
    await cp(join(DOCKER, 'freeswitch'), config, { recursive: true })
    const main = join(config, 'freeswitch.xml')
    await writeFile(main, this.moved(await readFile(main, 'utf8')))
    const state = this.file('state')
    const placed = command.map((word) =>
      word.replace('/etc/reveille/freeswitch', config).replace('/usr/local/freeswitch', state),
    )
    // Places that are the container's own, and here would be everybody's.
    const own = ['run', 'temp', 'certs', 'storage', 'recordings', 'cache']
    for (const place of own) await mkdir(join(state, place), { recursive: true })
    const places = own.flatMap((place) => [`-${place}`, join(state, place)])
    await this.run('freeswitch', [...placed, ...places], environment)
  }

  /** The app of reveille.yaml on these servers. Resolves when it is connected to drachtio. */
  async startApp(database: string): Promise<Server> {
    const text = this.moved(deployed('reveille.yaml'))
      .replace(/postgres:\/\/\S+/, database)
      .replace('port: 8080', 'port: 0')
    const config = parseConfig(text, 'reveille.yaml', this.env)
    let connected: (() => void) | undefined
    const connection = new Promise<void>((resolve) => (connected = resolve))
    const write = (line: string): void => {
      if (line.includes('"connected to the SIP server"')) connected?.()
    }
    const log = createLog({ level: 'info', pretty: false, destination: { write } })
    const fixed = {
      current: () => config,
      reload: () => ({ ok: true as const, applied: [], needRestart: [] }),
      subscribe: () => () => undefined,
    }
    const server = await startServer(fixed, log)
    await connection
    return server
  }

  /** Whether the health check of a service, with these variables in its container, succeeds. */
  healthy(name: string, over: Readonly<Record<string, string>> = {}): Promise<boolean> {
    const { environment, healthcheck } = this.service(name)
    const [how, ...words] = (healthcheck?.test ?? []).map((word) => this.moved(word))
    const [program = '', ...args] = how === 'CMD-SHELL' ? ['sh', '-c', ...words] : words
    const env = { ...process.env, ...environment, ...over }
    return new Promise((resolve) => execFile(program, args, { env }, (error) => resolve(error === null)))
  }

  /** Resolves when FreeSWITCH has no channel; rejects where it still has one after a while. */
  async withoutChannels(): Promise<void> {
    const access = [
      '-H',
      '127.0.0.1',
      '-P',
      String(this.ports.eventSocket),
      '-p',
      this.env['FREESWITCH_SECRET'] ?? '',
    ]
    const end = Date.now() + QUIET_MS
    for (;;) {
      const { stdout } = await promisify(execFile)('fs_cli', [...access, '-x', 'show channels count'])
      if (stdout.includes('0 total.')) return
      if (Date.now() > end) throw new Error(`FreeSWITCH still has channels: ${stdout}`)
      await delay(ASK_MS)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.programs.map((program) => program.end()))
    await rm(this.folder, { recursive: true, force: true })
  }

  private async run(
    name: string,
    words: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<void> {
    const given = Object.entries(environment).map(([variable, value]) => `${variable}=${value}`)
    const child = new Child(
      'setpriv',
      [...tiedToUs, 'env', ...given, ...words.map((word) => this.moved(word))],
      { cwd: this.folder },
    )
    this.programs.push(child)
    let over = false
    void child.exited.finally(() => (over = true))
    const end = Date.now() + HEALTHY_MS
    while (!(await this.healthy(name))) {
      if (over || Date.now() > end) throw new Error(`${name} is not healthy:\n${child.tail()}`)
      await delay(ASK_MS)
    }
  }

  private service(name: string): Service {
    const found = services(this.env)[name]
    if (found === undefined) throw new Error(`compose.yaml has no service ${name}`)
    return found
  }

  private file(name: string): string {
    return join(this.folder, name)
  }

  /** Each port of the files becomes one that is free. */
  private moved(text: string): string {
    const { sip, drachtio, mediaSip, eventSocket, rtp } = this.ports
    const to: Readonly<Record<string, number>> = {
      5060: sip,
      9022: drachtio,
      5080: mediaSip,
      8021: eventSocket,
      20000: rtp,
      29999: rtp + RTP_PORTS - 1,
    }
    return text
      .replace(/\b(?:5060|9022|5080|8021|20000|29999)\b/g, (port) => String(to[port]))
      .replace('media_timeout=7200000', `media_timeout=${MEDIA_TIMEOUT_MS}`)
  }
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
