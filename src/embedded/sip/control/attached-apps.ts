import type { App, CommandHandler } from './app.js'
import type { Routes } from './routes.js'

/** An app of this process. It is attached until it detaches or the server closes. */
export interface AttachedApp extends App {
  /** The server is closed, and everything on it gone. */
  serverClosed(): void
}

export interface Attachment {
  readonly commands: CommandHandler
  /** What the app had not answered gets 503, what it had sent is cancelled, its dialogs end. */
  detach(): void
}

/** The apps of this process, which take turns with those behind connections. */
export class AttachedApps {
  private readonly apps = new Set<AttachedApp>()

  constructor(
    private readonly routes: Routes<App>,
    private readonly handler: CommandHandler,
  ) {}

  get size(): number {
    return this.apps.size
  }

  attach(app: AttachedApp, methods: readonly string[]): Attachment {
    this.apps.add(app)
    for (const method of methods) this.routes.add(method.toLowerCase(), app)
    return { commands: this.handler, detach: () => this.detach(app) }
  }

  close(): void {
    for (const app of [...this.apps]) {
      this.detach(app)
      app.serverClosed()
    }
  }

  private detach(app: AttachedApp): void {
    if (!this.apps.delete(app)) return
    this.routes.removeApp(app)
    this.handler.gone(app)
  }
}
