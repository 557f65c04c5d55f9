import { MediaError } from './errors.js'

interface Pending {
  readonly late: ((result: unknown) => void) | undefined
  resolve(result: unknown): void
  reject(error: MediaError): void
  release(): void
}

export interface CallOptions<T> {
  method: string
  deadlineMs: number
  /** Told of the result where it comes after the deadline, for what must not be lost. */
  late?: ((result: T) => void) | undefined
}

/** Requests on their way to the worker. Each ends once, by its reply, its deadline, or the loss of the worker. */
export class PendingCalls {
  readonly #pending = new Map<number, Pending>()
  /** By number, those whose deadline has passed and whose result is wanted all the same. */
  readonly #late = new Map<number, (result: unknown) => void>()
  #lost: MediaError | undefined
  #last = 0

  get size(): number {
    return this.#pending.size
  }

  /** @param send hands the numbered request over; what it throws rejects the call */
  call<T>({ method, deadlineMs, late }: CallOptions<T>, send: (call: number) => void): Promise<T> {
    if (this.#lost) return Promise.reject(this.#lost)
    const call = (this.#last += 1)
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        const why = `the media engine did not answer ${method} in ${deadlineMs} ms`
        const pending = this.#take(call)
        if (pending?.late) this.#late.set(call, pending.late)
        pending?.reject(new MediaError('deadline', why))
      }, deadlineMs)
      this.#pending.set(call, {
        late: late && ((result) => late(result as T)),
        resolve: (result) => resolve(result as T),
        reject,
        release: () => clearTimeout(timer),
      })
      try {
        send(call)
      } catch (error) {
        this.reject(call, MediaError.from(error))
      }
    })
  }

  #take(call: number): Pending | undefined {
    const pending = this.#pending.get(call)
    this.#pending.delete(call)
    pending?.release()
    return pending
  }

  resolve(call: number, result: unknown): void {
    const pending = this.#take(call)
    if (pending) pending.resolve(result)
    else this.#late.get(call)?.(result)
    this.#late.delete(call)
  }

  reject(call: number, error: MediaError): void {
    this.#take(call)?.reject(error)
    this.#late.delete(call)
  }

  /** Nothing will be answered any more. */
  lose(error: MediaError): void {
    this.#lost ??= error
    this.#late.clear()
    for (const call of [...this.#pending.keys()]) this.#take(call)?.reject(error)
  }
}
