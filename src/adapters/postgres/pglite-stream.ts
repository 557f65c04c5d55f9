import { Duplex } from 'node:stream'
import type { PgliteThread } from './pglite-thread.js'

/** What node-postgres takes for its TCP connection: the one to PGlite's thread. */
export class PgliteStream extends Duplex {
  readonly #thread: PgliteThread

  constructor(thread: PgliteThread) {
    super()
    this.#thread = thread
  }

  connect(): this {
    try {
      this.#thread.attach({
        answered: (bytes) => this.push(bytes),
        lost: (error) => this.destroy(error),
      })
      process.nextTick(() => this.emit('connect'))
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {
    // The engine answers what it is asked, and all at once.
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    this.#thread.send(chunk)
    done()
  }

  /** All messages of one statement in one: the engine is entered once. */
  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: () => void): void {
    this.#thread.send(Buffer.concat(chunks.map(({ chunk }) => chunk)))
    done()
  }

  override _final(done: () => void): void {
    this.push(null)
    done()
  }
}
