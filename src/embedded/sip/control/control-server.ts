import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import type { Settings } from '../options.js'
import type { TimerSet } from '../timer-set.js'
import { AppConnection } from './app-connection.js'
import type { App, CommandHandler } from './app.js'
import type { Command } from './command.js'
import { FrameProxyListener } from './frame-answers.js'
import type { Routes } from './routes.js'
import { executeSip } from './sip-command.js'
import { okFrame } from './wire.js'

/** The version whose behaviour is spoken; drachtio-srf asks for at least 0.8.2 before it pings. */
export const SERVER_VERSION = 'v0.9.10-embedded'

export interface ControlDeps {
  readonly settings: Settings
  readonly timers: TimerSet
  readonly secret: string
  readonly routes: Routes<App>
  /** `protocol/host:port` of each listening point: as peers see it, and as it is bound. */
  readonly hostPorts: readonly string[]
  readonly localHostPorts: readonly string[]
  readonly fault: (where: string, error: unknown) => void
}

/** The TCP port that drachtio-srf connects to. An app may do nothing before it gave the secret. */
export class ControlServer {
  private readonly server: Server
  private readonly connections = new Set<AppConnection>()

  constructor(
    private readonly deps: ControlDeps,
    private readonly handler: CommandHandler,
  ) {
    this.server = createServer((socket) => this.accepted(socket))
    this.server.maxConnections = deps.settings.limits.apps
    this.server.on('error', (error) => deps.fault('control listener', error))
  }

  /** Apps that are authenticated. */
  get appCount(): number {
    let count = 0
    for (const connection of this.connections) if (connection.authenticated) count++
    return count
  }

  listen(host: string, port: number): Promise<{ host: string; port: number }> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(port, host, () => {
        this.server.off('error', reject)
        const address = this.server.address()
        resolve({ host, port: typeof address === 'object' && address ? address.port : port })
      })
    })
  }

  /** Hangs up on all apps, and waits until each of them has been seen off. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    await Promise.all([closed, ...[...this.connections].map((connection) => connection.end())])
  }

  private accepted(socket: Socket): void {
    const connection = new AppConnection(socket, this.deps, {
      command: (command) => this.execute(connection, command),
      closed: () => this.closed(connection),
    })
    this.connections.add(connection)
  }

  private closed(connection: AppConnection): void {
    this.connections.delete(connection)
    this.deps.routes.removeApp(connection)
    if (connection.authenticated) this.handler.gone(connection)
  }

  private execute(app: AppConnection, command: Command): void {
    if (command.kind === 'invalid') return app.refuse(command.id, command.reason)
    if (command.kind === 'authenticate') return this.authenticate(app, command.id, command.secret)
    if (!app.authenticated) return app.refuse(command.id, 'not authenticated')
    switch (command.kind) {
      case 'ping':
        return app.send(okFrame(command.id, 'pong'))
      case 'route':
        this.deps.routes.add(command.verb, app)
        return app.send(okFrame(command.id))
      case 'remove_route':
        this.deps.routes.remove(command.verb, app)
        return app.send(okFrame(command.id))
      case 'sip':
        return executeSip(this.handler, app, command)
      case 'proxy':
        return this.handler.proxy(app, command.spec, command.message, new FrameProxyListener(app, command.id))
      default:
        command satisfies never
    }
  }

  private authenticate(app: AppConnection, id: string, secret: string): void {
    if (!sameSecret(secret, this.deps.secret)) return app.refuse(id, 'incorrect secret')
    app.accept()
    const { hostPorts, localHostPorts } = this.deps
    app.send(okFrame(id, `${hostPorts.join(',')}|${SERVER_VERSION}|${localHostPorts.join(',')}`))
  }
}

/** Compares in a time that says nothing about how much of the secret was right. */
function sameSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}
