import { MediaError } from './errors.js'

interface Waiting {
  resolve(port: number): void
  reject(error: MediaError): void
}

/** The most pairs that are asked for ahead; half as many may lie here already. */
const MOST = 64

/** Rejects where there is none, or where no answer came in time; `late` is told of what comes all the same. */
type Lease = (count: number, late: (ports: readonly number[]) => void) => Promise<readonly number[]>

/**
 * Ports of bound pairs that are at hand, so that a call does not wait for another thread. More are asked for before
 * they run out, each time twice as many, up to a bound.
 */
export class PortStock {
  readonly #lease: Lease
  readonly #waiting = new Set<Waiting>()
  #ready: number[] = []
  #batch = 1
  #asking = false
  #closed: MediaError | undefined

  constructor(lease: Lease) {
    this.#lease = lease
  }

  /** @returns undefined where none is at hand */
  take(): number | undefined {
    const port = this.#ready.shift()
    if (port !== undefined && this.#ready.length < this.#batch / 2) this.#refill()
    return port
  }

  /** For when none was at hand. @throws MediaError what `lease` throws, `aborted`, that of `close` */
  wait(signal: AbortSignal | undefined): Promise<number> {
    if (this.#closed) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiting)
        reject(new MediaError('aborted', 'the creation was given up'))
      }
      const release = () => signal?.removeEventListener('abort', onAbort)
      const waiting: Waiting = {
        resolve: (port) => {
          release()
          resolve(port)
        },
        reject: (error) => {
          release()
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiting)
      this.#refill()
    })
  }

  /** Takes back one that was not used. */
  putBack(port: number): void {
    this.#serve([port])
  }

  close(why: MediaError): void {
    this.#closed = why
    this.#ready = []
    this.#refuse(why)
  }

  #refill(): void {
    if (this.#asking || this.#closed) return
    this.#asking = true
    this.#batch = Math.min(MOST, this.#batch * 2)
    const late = (ports: readonly number[]) => this.#serve(ports)
    this.#lease(this.#waiting.size + this.#batch, late).then(
      (ports) => {
        this.#asking = false
        this.#serve(ports)
      },
      (error: unknown) => {
        this.#asking = false
        // Who only asked ahead asks again when it comes to that.
        this.#refuse(MediaError.from(error))
      },
    )
  }

  #serve(ports: readonly number[]): void {
    if (this.#closed) return
    for (const port of ports) {
      const [next] = this.#waiting
      if (next === undefined) {
        this.#ready.push(port)
        continue
      }
      this.#waiting.delete(next)
      next.resolve(port)
    }
    if (this.#waiting.size > 0) this.#refill()
  }

  #refuse(error: MediaError): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const each of waiting) each.reject(error)
  }
}
