import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Messaging } from 'firebase-admin/messaging'
import type { PushMessage, PushOutcome, PushSender } from '../../ports/push.js'
import { Attempt, FcmAgent, type FcmEndpoint } from './fcm-agent.js'
import { parseServiceAccount, ServiceAccountCredential } from './fcm-credential.js'
import { messageOf } from './fcm-message.js'
import { type FcmFailure, outcomeOf } from './fcm-outcome.js'

export interface FcmOptions {
  /** Google's JSON for a service account: parsed, or the name of its file. */
  readonly serviceAccount: string | object
  /** How long one push may take, ms; the first of an hour includes getting an access token. */
  readonly timeoutMs?: number
  /** Stands in for Google's hosts, the token endpoint included; for tests. */
  readonly endpoint?: FcmEndpoint
}

/**
 * Data messages of high priority through FCM's HTTP v1 API. firebase-admin is loaded by the first call: it takes
 * its time and memory, and most servers push without it.
 *
 * @throws where the service account cannot be read or is none.
 */
export async function createFcmSender(options: FcmOptions): Promise<PushSender> {
  const { serviceAccount, endpoint, timeoutMs = 5000 } = options
  const [{ deleteApp, initializeApp }, { getMessaging }] = await Promise.all([
    import('firebase-admin/app'),
    import('firebase-admin/messaging'),
  ])
  const json: unknown =
    typeof serviceAccount === 'string' ? JSON.parse(await readFile(serviceAccount, 'utf8')) : serviceAccount
  const account = parseServiceAccount(json)
  const agent = new FcmAgent(endpoint)
  const credential = new ServiceAccountCredential(account, agent, timeoutMs)
  const { projectId } = account
  const app = initializeApp({ credential, projectId, httpAgent: agent }, `fcm-${randomUUID()}`)
  return new FcmSender(getMessaging(app), agent, credential, timeoutMs, () => deleteApp(app))
}

class FcmSender implements PushSender {
  readonly tellsEndings = true
  readonly #attempts = new Set<Attempt>()
  #closed = false

  constructor(
    private readonly messaging: Messaging,
    private readonly agent: FcmAgent,
    private readonly credential: ServiceAccountCredential,
    private readonly timeoutMs: number,
    private readonly deleteApp: () => Promise<void>,
  ) {}

  async send(message: PushMessage, signal: AbortSignal): Promise<PushOutcome> {
    signal.throwIfAborted()
    if (this.#closed) return { kind: 'refused', detail: 'FCM is closed' }
    const content = messageOf(message, Date.now())
    if ('problem' in content) return { kind: 'refused', detail: content.problem }

    const attempt = new Attempt()
    this.#attempts.add(attempt)
    try {
      const work = this.agent.run(attempt, async () => this.messaging.send(content))
      const id = await within(work, this.timeoutMs, attempt, signal)
      if (id === GIVEN_UP) return { kind: 'refused', detail: 'FCM was closed' }
      if (id === TIMEOUT) return { kind: 'retry', detail: `FCM: no answer within ${this.timeoutMs} ms` }
      return { kind: 'delivered', id }
    } catch (error) {
      signal.throwIfAborted()
      if (this.#closed) return { kind: 'refused', detail: 'FCM was closed' }
      return outcomeOf(this.#failure(error, attempt), Date.now())
    } finally {
      this.#attempts.delete(attempt)
      attempt.giveUp()
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const attempt of this.#attempts) attempt.giveUp()
    this.agent.destroy()
    await this.deleteApp()
  }

  #failure(error: unknown, attempt: Attempt): FcmFailure {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    return {
      code: typeof code === 'string' ? code : 'unknown',
      message: typeof message === 'string' ? message : String(error),
      status: attempt.status,
      retryAfter: attempt.retryAfter,
      token: this.credential.failure,
    }
  }
}

const TIMEOUT = Symbol('timeout')
const GIVEN_UP = Symbol('given up')

/**
 * Settles as the work does, resolves to TIMEOUT after the time and to GIVEN_UP when the attempt is, and rejects
 * with the signal's reason on an abort.
 */
function within<T>(
  work: Promise<T>,
  ms: number,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<T | typeof TIMEOUT | typeof GIVEN_UP> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      settle()
    }
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason is its owner's
    const aborted = (): void => finish(() => reject(signal.reason))
    const timer = setTimeout(() => finish(() => resolve(TIMEOUT)), ms)
    signal.addEventListener('abort', aborted)
    attempt.whenGivenUp = () => finish(() => resolve(GIVEN_UP))
    work.then(
      (value) => finish(() => resolve(value)),
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- firebase-admin's, as it came
      (error: unknown) => finish(() => reject(error)),
    )
  })
}
