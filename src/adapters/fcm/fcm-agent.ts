import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, type AgentOptions } from 'node:https'

const FCM_HOST = 'fcm.googleapis.com'

/** One push on its way through firebase-admin, as the agent sees it. */
export class Attempt {
  /** The request that carries it, once it has gone out. */
  request: ClientRequest | undefined
  /** What FCM answered, if it did. */
  status: number | undefined
  retryAfter: string | undefined
  over = false
  whenGivenUp: (() => void) | undefined

  /** Ends the request where there is one, and lets none go out any more. */
  giveUp(): void {
    this.over = true
    this.whenGivenUp?.()
    this.request?.destroy(new Error('given up'))
  }
}

/** A service instead of Google's, for tests. */
export interface FcmEndpoint {
  readonly host: string
  readonly port: number
  /** PEM of the CA that signed its certificate, which has to name the hosts that it stands in for. */
  readonly ca: string
}

interface RequestTaker {
  addRequest(request: ClientRequest, options: unknown): void
}

/**
 * The HTTPS agent under firebase-admin, which sends by its own rules: up to five requests a push, a wait of up to a
 * minute between them, no way to abort, and no word of Retry-After. Here a push is one request (a second is
 * refused before it leaves), `Attempt.giveUp` ends it, and the answer's status and Retry-After are noted.
 *
 * Requests for access tokens, which serve all pushes, pass as they are.
 */
export class FcmAgent extends Agent {
  readonly #attempts = new AsyncLocalStorage<Attempt>()

  constructor(endpoint: FcmEndpoint | undefined) {
    // An agent's own host and port go before those of the request.
    super({ keepAlive: true, maxSockets: 256, ...endpoint } satisfies AgentOptions & Partial<FcmEndpoint>)
  }

  /** Runs `send`; the request that comes of it belongs to the attempt. */
  run<T>(attempt: Attempt, send: () => Promise<T>): Promise<T> {
    return this.#attempts.run(attempt, send)
  }

  /** Node's agent is asked for a connection through this method, which its documentation does not name. */
  addRequest(request: ClientRequest, options: unknown): void {
    const attempt = this.#attempts.getStore()
    if (request.host === FCM_HOST) {
      if (attempt === undefined || attempt.over || attempt.request !== undefined) return refuse(request)
      watch(attempt, request)
    }
    ;(Agent.prototype as unknown as RequestTaker).addRequest.call(this, request, options)
  }
}

function watch(attempt: Attempt, request: ClientRequest): void {
  attempt.request = request
  request.prependOnceListener('response', (response: IncomingMessage) => {
    attempt.status = response.statusCode
    attempt.retryAfter = response.headers['retry-after']
    // firebase-admin would wait for that long only to be refused.
    delete response.headers['retry-after']
  })
}

/** Without a connection nobody else reports the request's end. The code is none that firebase-admin retries on. */
function refuse(request: ClientRequest): void {
  process.nextTick(() => request.emit('error', new Error('one request a push')))
}
