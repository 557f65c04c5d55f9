import { Worker } from 'node:worker_threads'
import type { FromThread, PgliteThreadData, ToThread } from './pglite-protocol.js'

const fromSource = import.meta.url.endsWith('.ts')

/** Who hears what the engine says. */
export interface PgliteListener {
  /** A piece of the PostgreSQL protocol. */
  answered(bytes: Uint8Array): void
  /** The engine or its thread is gone; nothing is heard any more. */
  lost(error: Error): void
}

/** PGlite in a thread of its own, as the main thread sees it. It is one connection of the PostgreSQL protocol. */
export interface PgliteThread {
  /** Makes the listener the only one. Throws where the engine is gone. */
  attach(listener: PgliteListener): void
  send(bytes: Uint8Array): void
  /** Resolves when the database is closed and the thread has ended; also where it had died before. */
  close(): Promise<void>
}

/**
 * ```
 *  opening --open--> open --close()--> closing --closed--> ended
 *     |                |                  |
 *     +----------------+------------------+-- failed, or the thread dies --> lost
 * ```
 * Rejects with the reason where the database cannot be opened; the thread ends by itself then.
 */
export async function startPgliteThread(
  data: PgliteThreadData,
  spawn: (data: PgliteThreadData) => ThreadLike = spawnPglite,
): Promise<PgliteThread> {
  const thread = new Thread(spawn(data))
  await thread.opened
  return thread
}

/** From the sources or from the build, whichever this file is part of. */
export function spawnPglite(data: PgliteThreadData): Worker {
  const entry = fromSource ? './pglite-worker-from-source.mjs' : './pglite-worker.js'
  return new Worker(new URL(entry, import.meta.url), { name: 'pglite', workerData: data })
}

/** As much of a worker thread as is needed. */
export type ThreadLike = Pick<Worker, 'postMessage'> & {
  on(event: 'message', listener: (message: FromThread) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
}

class Thread implements PgliteThread {
  readonly opened: Promise<void>
  readonly #worker: ThreadLike
  readonly #exited: Promise<void>
  #open: () => void = () => undefined
  #refuse: (error: Error) => void = () => undefined
  #listener: PgliteListener | null = null
  #gone: Error | null = null

  constructor(worker: ThreadLike) {
    this.#worker = worker
    this.opened = new Promise((resolve, reject) => {
      this.#open = resolve
      this.#refuse = reject
    })
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#lose(new Error(`connection terminated: the thread of PGlite has ended (${String(code)})`))
        resolve()
      })
    })
    worker.on('message', (message) => this.#hear(message))
    worker.on('error', (error) => {
      this.#lose(
        new Error(`connection terminated: the thread of PGlite died: ${error.message}`, { cause: error }),
      )
    })
  }

  attach(listener: PgliteListener): void {
    if (this.#gone !== null) throw this.#gone
    this.#listener = listener
  }

  send(bytes: Uint8Array): void {
    if (this.#gone === null) this.#tell(bytes)
  }

  async close(): Promise<void> {
    if (this.#gone === null) this.#tell('close')
    await this.#exited
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  #hear(message: FromThread): void {
    if (message instanceof Uint8Array) {
      this.#listener?.answered(message)
      return
    }
    switch (message.type) {
      case 'open':
        this.#open()
        return
      case 'closed':
        this.#lose(new Error('connection terminated: PGlite is closed'))
        return
      case 'failed': {
        const cause = new Error(message.message)
        if (message.stack !== undefined) cause.stack = message.stack
        this.#lose(new Error(`connection terminated: PGlite failed: ${message.message}`, { cause }))
        return
      }
      default:
        message satisfies never
    }
  }

  /** The first word of it counts. */
  #lose(error: Error): void {
    if (this.#gone !== null) return
    this.#gone = error
    this.#refuse(error)
    this.#listener?.lost(error)
    this.#listener = null
  }
}
