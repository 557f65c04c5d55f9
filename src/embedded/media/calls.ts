import { MediaError } from './errors.js'

interface Pending {
  method: string
  resolve(result: unknown): void
  reject(error: MediaError): void
  release(): void
  onLate: ((result: unknown) => void) | undefined
}

export interface CallOptions<T> {
  method: string
  deadlineMs: number
  signal?: AbortSignal | undefined
  /** A result that came after the caller had given up: what it made must be undone. */
  onLate?: ((result: T) => void) | undefined
}

/**
 * Requests on their way to the worker. Each ends once, by its reply, its deadline, its signal, or the loss of
 * the worker.
 */
export class PendingCalls {
  readonly #pending = new Map<number, Pending>()
  readonly #abandoned = new Map<number, (result: unknown) => void>()
  #lost: MediaError | undefined
  #last = 0

  get size(): number {
    return this.#pending.size
  }

  /** @param send hands the numbered request over; what it throws rejects the call */
  call<T>(options: CallOptions<T>, send: (call: number) => void): Promise<T> {
    const { method, deadlineMs, signal, onLate } = options
    if (this.#lost) return Promise.reject(this.#lost)
    if (signal?.aborted) return Promise.reject(new MediaError('aborted', `${method} was aborted`))
    const call = (this.#last += 1)
    return new Promise<T>((resolve, reject) => {
      const giveUp = (error: MediaError) => this.#giveUp(call, error)
      const timer = setTimeout(() => {
        giveUp(new MediaError('deadline', `the media engine did not answer ${method} in ${deadlineMs} ms`))
      }, deadlineMs)
      const onAbort = () => giveUp(new MediaError('aborted', `${method} was aborted`))
      signal?.addEventListener('abort', onAbort, { once: true })
      const release = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      this.#pending.set(call, {
        method,
        resolve: (result) => resolve(result as T),
        reject,
        release,
        onLate: onLate && ((result) => onLate(result as T)),
      })
      try {
        send(call)
      } catch (error) {
        giveUp(MediaError.from(error))
      }
    })
  }

  #take(call: number): Pending | undefined {
    const pending = this.#pending.get(call)
    this.#pending.delete(call)
    pending?.release()
    return pending
  }

  #giveUp(call: number, error: MediaError): void {
    const pending = this.#take(call)
    if (pending?.onLate) this.#abandoned.set(call, pending.onLate)
    pending?.reject(error)
  }

  resolve(call: number, result: unknown): void {
    const pending = this.#take(call)
    if (pending) pending.resolve(result)
    else this.#abandoned.get(call)?.(result)
    this.#abandoned.delete(call)
  }

  reject(call: number, error: MediaError): void {
    this.#abandoned.delete(call)
    this.#take(call)?.reject(error)
  }

  /** Nothing will be answered any more. */
  lose(error: MediaError): void {
    this.#lost ??= error
    this.#abandoned.clear()
    for (const call of [...this.#pending.keys()]) this.#take(call)?.reject(error)
  }
}
