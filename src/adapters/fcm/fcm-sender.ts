import { readFile } from 'node:fs/promises'
import { Agent, type AgentOptions } from 'node:https'
import type { PushMessage, PushOutcome, PushSender } from '../../ports/push.js'
import { parseServiceAccount, ServiceAccountCredential, TokenFailure } from './fcm-credential.js'
import { failureOf } from './fcm-failure.js'
import { type FcmMessage, messageOf } from './fcm-message.js'
import { accessTokenRefused, outcomeOf } from './fcm-outcome.js'
import { post } from './https-post.js'
import { jsonOf } from './json-of.js'

export interface FcmOptions {
  /** Google's JSON for a service account: parsed, or the name of its file. */
  readonly serviceAccount: string | object
  /** How long one push may take, ms; the first of an hour includes getting an access token. */
  readonly timeoutMs?: number
  /** Stands in for Google's hosts, the token endpoint included; for tests. */
  readonly endpoint?: FcmEndpoint
}

/** A service instead of Google's. */
export interface FcmEndpoint {
  readonly host: string
  readonly port: number
  /** PEM of the CA that signed its certificate, which has to name the hosts that it stands in for. */
  readonly ca: string
}

/**
 * Data messages of high priority through FCM's HTTP v1 API.
 *
 * @throws where the service account cannot be read or is none.
 */
export async function createFcmSender(options: FcmOptions): Promise<PushSender> {
  const { serviceAccount, endpoint, timeoutMs = 5000 } = options
  const json: unknown =
    typeof serviceAccount === 'string' ? JSON.parse(await readFile(serviceAccount, 'utf8')) : serviceAccount
  const account = parseServiceAccount(json)
  // An agent's own host and port go before those of the request.
  const own: AgentOptions & Partial<FcmEndpoint> = { keepAlive: true, maxSockets: 256, ...endpoint }
  const agent = new Agent(own)
  const credential = new ServiceAccountCredential(account, agent, timeoutMs)
  const url = `https://fcm.googleapis.com/v1/projects/${encodeURIComponent(account.projectId)}/messages:send`
  return new FcmSender(url, agent, credential, timeoutMs)
}

class FcmSender implements PushSender {
  readonly tellsEndings = true
  readonly #closing = new AbortController()

  constructor(
    private readonly url: string,
    private readonly agent: Agent,
    private readonly credential: ServiceAccountCredential,
    private readonly timeoutMs: number,
  ) {}

  async send(message: PushMessage, signal: AbortSignal): Promise<PushOutcome> {
    signal.throwIfAborted()
    if (this.#closing.signal.aborted) return { kind: 'refused', detail: 'FCM is closed' }
    const content = messageOf(message, Date.now())
    if ('problem' in content) return { kind: 'refused', detail: content.problem }

    const deadline = AbortSignal.timeout(this.timeoutMs)
    try {
      return await this.#push(content, AbortSignal.any([signal, this.#closing.signal, deadline]))
    } catch (error) {
      signal.throwIfAborted()
      if (this.#closing.signal.aborted) return { kind: 'refused', detail: 'FCM was closed' }
      if (deadline.aborted) return { kind: 'retry', detail: `FCM: no answer within ${this.timeoutMs} ms` }
      const kind = error instanceof TokenFailure && error.atFault ? 'refused' : 'retry'
      return { kind, detail: `FCM: ${error instanceof Error ? error.message : String(error)}` }
    }
  }

  close(): Promise<void> {
    this.#closing.abort(new Error('closed'))
    this.agent.destroy()
    return Promise.resolve()
  }

  async #push(message: FcmMessage, signal: AbortSignal): Promise<PushOutcome> {
    // The token is for others as well: who gives up leaves them the request for it.
    const accessToken = await orAbort(this.credential.accessToken(), signal)
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` }
    const request = { url: this.url, agent: this.agent, headers, body: JSON.stringify({ message }) }
    const answer = await post(request, signal)
    if (answer.status === 200) {
      const { name } = jsonOf(answer.text)
      return { kind: 'delivered', ...(typeof name === 'string' ? { id: name } : {}) }
    }
    const failure = failureOf(answer)
    const renewed = accessTokenRefused(failure) && this.credential.refused(accessToken)
    return outcomeOf(failure, renewed, Date.now())
  }
}

/** Rejects with the signal's reason on an abort; the work goes on. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason is its owner's
    const aborted = (): void => reject(signal.reason)
    if (signal.aborted) return aborted()
    signal.addEventListener('abort', aborted)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted))
  })
}
