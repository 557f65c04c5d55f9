import type { ClientHttp2Session } from 'node:http2'
import { type Notification, Provider, type ProviderOptions, type ResponseFailure } from '@parse/node-apn'

/** How long the goodbye to the service may take before the connection is cut, ms. */
const GOODBYE_MS = 1000

/** What one push came to; `silent`: no answer within the time. */
export type ApnsAnswer =
  | { readonly kind: 'sent'; readonly id: string | undefined }
  | { readonly kind: 'failed'; readonly failure: ResponseFailure }
  | { readonly kind: 'silent' }

/**
 * node-apn's provider, with what it leaves open: a push can be given up, and a connection that has gone dead is
 * replaced. node-apn keeps a connection until the kernel calls it broken, a quarter of an hour after the
 * other side vanished without a word, and every push of that time would time out.
 */
export class ApnsConnection {
  readonly #provider: Provider
  readonly #timeoutMs: number
  /** When the service last answered anything, by the monotonic clock. */
  #heardAt = -Infinity
  #inFlight = 0

  /** @throws where the key cannot be read or is none. */
  constructor(options: ProviderOptions, timeoutMs: number) {
    this.#timeoutMs = timeoutMs
    this.#provider = new Provider({
      ...options,
      // One attempt a push: whether and when to try again is the caller's to say.
      connectionRetryLimit: 0,
      // Behind our own timer, so that a stream that was given up is closed in the end.
      requestTimeout: timeoutMs + 1000,
    })
  }

  /** Rejects with the signal's reason; the push itself may still be taken then. */
  push(notification: Notification, token: string, signal: AbortSignal): Promise<ApnsAnswer> {
    const startedAt = performance.now()
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
        settle()
      }
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason is its owner's
      const aborted = (): void => finish(() => reject(signal.reason))
      const timer = setTimeout(() => {
        if (this.#heardAt < startedAt) this.#cut('the service has gone silent')
        finish(() => resolve({ kind: 'silent' }))
      }, this.#timeoutMs)
      signal.addEventListener('abort', aborted)
      this.#answer(notification, token).then(
        (answer) => finish(() => resolve(answer)),
        (error: unknown) => finish(() => resolve(failed(token, error))),
      )
    })
  }

  /** Ends pushes in flight as failed. Never rejects. */
  async close(): Promise<void> {
    if (this.#inFlight > 0) this.#cut('closed')
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#cut('closed')
        resolve()
      }, GOODBYE_MS)
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      // Returns nothing, whatever its type says; and does not call back for a connection that is down already.
      const down = this.#session()?.destroyed ?? true
      void this.#provider.shutdown(done)
      if (down) done()
    })
  }

  async #answer(notification: Notification, token: string): Promise<ApnsAnswer> {
    this.#inFlight++
    const { sent, failed: failures } = await this.#provider.send(notification, token).finally(() => {
      this.#inFlight--
    })
    const failure = failures[0]
    if (failure?.status !== undefined || sent.length > 0) this.#heardAt = performance.now()
    if (failure !== undefined) return { kind: 'failed', failure }
    const id = (sent[0] as { readonly 'apns-id'?: string } | undefined)?.['apns-id']
    return { kind: 'sent', id }
  }

  /** Ends the connection and every push on it; the next push makes a new one. */
  #cut(reason: string): void {
    this.#session()?.destroy(new Error(reason))
  }

  /** node-apn shows its connection to nobody, and has no call that drops it. */
  #session(): ClientHttp2Session | undefined {
    return (this.#provider as unknown as { client?: { session?: ClientHttp2Session } }).client?.session
  }
}

function failed(token: string, error: unknown): ApnsAnswer {
  const cause = error instanceof Error ? error : new Error(String(error))
  return { kind: 'failed', failure: { device: token, error: cause } }
}
