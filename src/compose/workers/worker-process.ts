import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ToParent, ToWorker } from './messages.js'
import { LINE_FD } from './messages.js'
import { SilenceWatch, type WatchTimes } from './silence-watch.js'

/** How a process ended; the reason where it said one. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly reason: string | undefined
}

/** Milliseconds to start in: the database is asked, and tables may have to be made. */
const START_MS = 120_000

/** One process of a worker, from its start to its end. */
export class WorkerProcess {
  /** Resolves when it takes calls. Rejects where it ends before. */
  readonly up: Promise<Extract<ToParent, { type: 'up' }>>
  readonly ended: Promise<End>
  /** Resolves when it has no calls any more. */
  readonly drained: Promise<void>
  readonly #child: ChildProcess
  /** Handed to it, and not known to be there; in the order of the handing. */
  readonly #handed: Socket[] = []
  readonly #watch: SilenceWatch
  #isUp = false
  #isOver = false
  #reason: string | undefined
  #hear: (message: ToParent) => void = () => undefined

  private constructor(entry: URL, start: ToWorker, watch?: WatchTimes) {
    this.#child = fork(entry, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] })
    this.#watch = new SilenceWatch({
      ask: () => this.tell({ type: 'ping' }),
      silent: (ms) => {
        this.#reason ??= `it did not answer for ${String(ms / 1000)} s`
        this.kill()
      },
      ...(watch === undefined ? {} : { times: watch }),
    })
    this.ended = new Promise((resolve) => {
      const over = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#isOver = true
        this.#isUp = false
        this.#watch.end()
        for (const connection of this.#handed.splice(0)) connection.destroy()
        resolve({ code, signal, reason: this.#reason })
      }
      this.#child.once('exit', over)
      // It could not be started at all, or a message did not reach it any more: then an exit follows.
      this.#child.on('error', (error) => {
        this.#reason ??= error.message
        if (this.#child.pid === undefined) over(null, null)
      })
    })
    this.up = new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#reason ??= `it was not up in ${String(START_MS / 1000)} s`
        this.kill()
      }, START_MS)
      this.#child.on('message', (message: ToParent) => {
        this.#watch.heard()
        if (message.type === 'up') {
          clearTimeout(late)
          this.#isUp = true
          this.#watch.begin()
          resolve(message)
        } else if (message.type === 'failed') this.#reason = message.reason
        else if (message.type === 'taken') this.#handed.shift()?.destroy()
        this.#hear(message)
      })
      void this.ended.then((end) => {
        clearTimeout(late)
        reject(new Error(describeEnd(end)))
      })
    })
    // Where nobody waits for it, `ended` tells as much.
    this.up.catch(() => undefined)
    this.drained = new Promise((resolve) => {
      this.#child.on('message', (message: ToParent) => {
        if (message.type === 'drained') resolve()
      })
    })
    this.tell(start)
  }

  /** @param watch how long it may be silent once it is up; then it is killed */
  static launch(entry: URL, start: Extract<ToWorker, { type: 'start' }>, watch?: WatchTimes): WorkerProcess {
    return new WorkerProcess(entry, start, watch)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Whether it answered what it was asked last. */
  get answers(): boolean {
    return this.#isUp && this.#watch.answers
  }

  /** Its end of the line to the others; undefined where it could not be started. */
  get line(): Duplex | undefined {
    return (this.#child.stdio[LINE_FD] as Duplex | null | undefined) ?? undefined
  }

  onMessage(hear: (message: ToParent) => void): void {
    this.#hear = hear
  }

  /** To one that has ended nothing can be told. */
  tell(message: ToWorker): void {
    if (this.#isOver || !this.#child.connected) return
    // That it could not be sent is said by the end that follows.
    this.#child.send(message, () => undefined)
  }

  /**
   * Hands it a connection, which is closed where it ends before it has it. What is handed while it does not read waits
   * here, with nothing of Node's to end it: so it stays open on this side until the worker has it.
   */
  hand(connection: Socket): void {
    if (this.#isOver || !this.#child.connected) {
      connection.destroy()
      return
    }
    this.#handed.push(connection)
    this.#child.send(
      { type: 'connection' } satisfies ToWorker,
      connection,
      { keepOpen: true },
      () => undefined,
    )
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

export function describeEnd({ code, signal, reason }: End): string {
  return reason ?? `it ended with ${signal ?? `exit code ${String(code)}`}`
}
