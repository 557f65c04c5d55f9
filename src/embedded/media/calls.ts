import { MediaError } from './errors.js'

interface Pending {
  resolve(result: unknown): void
  reject(error: MediaError): void
  release(): void
}

export interface CallOptions {
  method: string
  deadlineMs: number
}

/** Requests on their way to the worker. Each ends once, by its reply, its deadline, or the loss of the worker. */
export class PendingCalls {
  readonly #pending = new Map<number, Pending>()
  #lost: MediaError | undefined
  #last = 0

  get size(): number {
    return this.#pending.size
  }

  /** @param send hands the numbered request over; what it throws rejects the call */
  call<T>({ method, deadlineMs }: CallOptions, send: (call: number) => void): Promise<T> {
    if (this.#lost) return Promise.reject(this.#lost)
    const call = (this.#last += 1)
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        const late = `the media engine did not answer ${method} in ${deadlineMs} ms`
        this.reject(call, new MediaError('deadline', late))
      }, deadlineMs)
      this.#pending.set(call, {
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
    this.#take(call)?.resolve(result)
  }

  reject(call: number, error: MediaError): void {
    this.#take(call)?.reject(error)
  }

  /** Nothing will be answered any more. */
  lose(error: MediaError): void {
    this.#lost ??= error
    for (const call of [...this.#pending.keys()]) this.#take(call)?.reject(error)
  }
}
