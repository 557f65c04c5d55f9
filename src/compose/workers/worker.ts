import { Socket } from 'node:net'
import { createQuickBus } from '../../adapters/bus/quick.js'
import { type WatchedConfig, watchConfig } from '../../config/index.js'
import { createLog, type ServerLog } from '../../observe/log.js'
import type { Beside } from '../beside.js'
import { type Server, startServer } from '../server.js'
import { openLine } from './lines.js'
import { LINE_FD, type Share, type ToParent, type ToWorker } from './messages.js'
import { numbered } from './numbered-log.js'
import { shareOf, viewed } from './share.js'

/** What a worker has of its parent: in the program, the process. */
export type Channel = Pick<NodeJS.Process, 'on' | 'once' | 'send'>

/** The longest that it may take to end where the parent is gone, ms. */
const ORPHAN_MS = 5_000
/** For all metrics, ms; then it gives its own alone. */
const METRICS_MS = 5_000

/**
 * Runs a server as one of several, by the word of the parent. It never outlives that. Signals are for the parent alone:
 * a terminal sends them to the whole group of processes, and systemd to all of a unit.
 */
export async function runWorker(channel: Channel): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) channel.on(signal, () => undefined)
  const { config, share } = await firstWord(channel)
  const watched = watchConfig(config, process.env)
  const log = numbered(createLog(watched.current().log), share.worker)
  const view = viewed(watched, (whole) => shareOf(whole, share))
  const worker = new Worker(channel, watched, share, log)
  let server: Server
  try {
    server = await startServer(view, log, worker)
  } catch (error) {
    worker.fail(error)
    return
  }
  const { media } = view.current()
  log.info(
    { pid: process.pid, ...(media.engine === 'embedded' ? { rtp: media.ports } : {}) },
    'the worker is up',
  )
  worker.serve(server)
}

function firstWord(channel: Channel): Promise<Extract<ToWorker, { type: 'start' }>> {
  return new Promise((resolve, reject) => {
    channel.once('message', (message: ToWorker) => {
      if (message.type === 'start') resolve(message)
      else reject(new Error(`a worker began with ${message.type}`))
    })
  })
}

/** What the server has beside it, and the parent's words to it. */
class Worker implements Beside {
  readonly #line = openLine(new Socket({ fd: LINE_FD, readable: true, writable: true }))
  readonly #questions = new Map<number, (text: string) => void>()
  #hand: ((connection: Socket) => void) | undefined
  #own: () => Promise<string> = () => Promise.resolve('')
  #server: Server | undefined
  #up = 0
  #asked = 0

  constructor(
    private readonly channel: Channel,
    private readonly watched: WatchedConfig,
    private readonly share: Share,
    private readonly log: ServerLog,
  ) {
    channel.on('message', this.#heard)
    channel.on('disconnect', this.#orphaned)
  }

  get servesSip(): boolean {
    return this.share.gateways !== undefined
  }

  bus(own: Parameters<Beside['bus']>[0]): ReturnType<Beside['bus']> {
    return createQuickBus({ bus: own, line: this.#line, log: this.log })
  }

  get http(): NonNullable<Beside['http']> {
    return {
      address: this.share.http,
      handTo: (server) => {
        this.#hand = (connection) => {
          server.emit('connection', connection)
          // The parent left it unread.
          connection.resume()
        }
      },
    }
  }

  metrics(own: () => Promise<string>): () => Promise<string> {
    this.#own = own
    return () => this.#allMetrics()
  }

  async #allMetrics(): Promise<string> {
    const id = ++this.#asked
    let late: NodeJS.Timeout | undefined
    const answered = new Promise<string | undefined>((resolve) => {
      this.#questions.set(id, resolve)
      late = setTimeout(() => resolve(undefined), METRICS_MS)
    })
    this.#say({ type: 'all-metrics', id })
    try {
      return (await answered) ?? (await this.#own())
    } finally {
      clearTimeout(late)
      this.#questions.delete(id)
    }
  }

  readiness(own: ReturnType<Beside['readiness']>): ReturnType<Beside['readiness']> {
    const { workers } = this.share
    const all = this.#up === workers
    const word = all ? 'up' : (`down: ${String(this.#up)} of ${String(workers)} are up` as const)
    return { ready: own.ready && all, parts: { ...own.parts, workers: word } }
  }

  serve(server: Server): void {
    this.#server = server
    this.#say({ type: 'up', sip: server.sip })
  }

  /** The parent says it, once for all. */
  fail(error: unknown): void {
    this.#say({ type: 'failed', reason: error instanceof Error ? error.message : String(error) }, () =>
      this.#leave(1),
    )
  }

  readonly #heard = (message: ToWorker, handle: unknown): void => {
    switch (message.type) {
      case 'connection':
        this.#say({ type: 'taken' })
        // It may be closed by now.
        if (handle instanceof Socket) this.#connected(handle)
        return
      case 'ping':
        this.#say({ type: 'pong' })
        return
      case 'up':
        this.#up = message.up
        return
      case 'reload':
        return this.#reload()
      case 'metrics':
        void this.#tellMetrics(message.id)
        return
      case 'all-metrics':
        this.#questions.get(message.id)?.(message.text)
        return
      case 'drain':
        void this.#drain()
        return
      case 'end-calls':
        this.#server?.endCalls()
        return
      case 'close':
        void this.#close(0)
        return
      case 'start':
        return
      default:
        message satisfies never
    }
  }

  #connected(connection: Socket): void {
    connection.setNoDelay(true)
    if (this.#hand === undefined) connection.destroy()
    else this.#hand(connection)
  }

  /** The parent has read the file already, and told what is wrong with it. */
  #reload(): void {
    const reloaded = this.watched.reload()
    if (!reloaded.ok) this.log.error({ problems: reloaded.error.message }, 'the configuration is bad here')
  }

  async #tellMetrics(id: number): Promise<void> {
    try {
      this.#say({ type: 'metrics', id, text: await this.#own() })
    } catch (error) {
      this.log.error({ err: error }, 'the metrics could not be read')
    }
  }

  async #drain(): Promise<void> {
    try {
      await this.#server?.drain()
    } catch (error) {
      this.log.error({ err: error }, 'calls could not be drained')
    }
    this.#say({ type: 'drained' })
  }

  async #close(code: number): Promise<void> {
    let leave = code
    try {
      await this.#server?.close()
    } catch (error) {
      this.log.error({ err: error }, 'the worker could not be closed')
      leave = 1
    }
    this.#leave(leave)
  }

  readonly #orphaned = (): void => {
    this.log.error({}, 'the parent is gone: this worker ends, and its calls')
    setTimeout(() => process.exit(1), ORPHAN_MS).unref()
    this.#server?.endCalls()
    if (this.#server === undefined) process.exit(1)
    void this.#close(1)
  }

  /** `after` runs when it was sent. */
  #say(message: ToParent, after: () => void = () => undefined): void {
    // Without a parent the end is under way already.
    if (this.channel.send === undefined) return
    this.channel.send(message, undefined, undefined, () => after())
  }

  #leave(code: number): never {
    // All is closed; what some library still waits for is not worth that of the parent.
    process.exit(code)
  }
}
