import {
  type ApnsAnswer,
  type ApnsExchange,
  type ApnsRequest,
  ApnsSession,
  type ApnsSessionOptions,
} from './apns-session.js'

/** The way to APNs: one session at a time, a new one where that one is gone, and a time for each push. */
export class ApnsConnection {
  /** Those that drain are here until they are down. */
  readonly #sessions = new Set<ApnsSession>()

  constructor(
    private readonly options: ApnsSessionOptions,
    /** How long one push may take, ms. */
    private readonly timeoutMs: number,
  ) {}

  /** 'silent': no answer within the time. Rejects with the signal's reason; the push itself may be taken then. */
  push(request: ApnsRequest, signal: AbortSignal): Promise<ApnsAnswer | 'silent'> {
    const startedAt = performance.now()
    let current: { readonly session: ApnsSession; readonly exchange: ApnsExchange }
    const send = (): Promise<ApnsAnswer> => {
      const session = this.#usable()
      current = { session, exchange: session.request(request) }
      return current.exchange.answer
    }
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', aborted)
        settle()
      }
      const aborted = (): void => {
        current.exchange.cancel()
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason is its owner's
        finish(() => reject(signal.reason))
      }
      const timer = setTimeout(() => {
        current.exchange.cancel()
        // The kernel takes a quarter of an hour to call a connection broken whose other side vanished.
        if (current.session.heardAt < startedAt) current.session.cut('the service has gone silent')
        finish(() => resolve('silent'))
      }, this.timeoutMs)
      signal.addEventListener('abort', aborted)
      const done = (answer: ApnsAnswer): void => finish(() => resolve(answer))
      void send().then((answer) => {
        // Once: a service that says so each time is not there.
        if (answer.kind === 'lost' && answer.unprocessed && !signal.aborted) void send().then(done)
        else done(answer)
      })
    })
  }

  /** Ends pushes in flight as lost. Never rejects. */
  async close(): Promise<void> {
    for (const session of this.#sessions) session.cut('closed')
    await Promise.all([...this.#sessions].map((session) => session.closed))
  }

  #usable(): ApnsSession {
    for (const session of this.#sessions) if (session.usable) return session
    const session = new ApnsSession(this.options)
    this.#sessions.add(session)
    void session.closed.then(() => this.#sessions.delete(session))
    return session
  }
}
