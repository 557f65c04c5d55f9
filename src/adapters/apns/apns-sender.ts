import type { PushMessage, PushOutcome, PushSender } from '../../ports/push.js'
import { ApnsConnection } from './apns-connection.js'
import { notificationOf } from './apns-notification.js'
import { outcomeOf } from './apns-outcome.js'
import { type ApnsApp, apnsTarget } from './apns-target.js'
import { type ProviderKey, ProviderToken } from './provider-token.js'

export interface ApnsOptions extends ProviderKey {
  /** The app of devices that name none in their pn-param. */
  readonly bundleId?: string
  /** Topic of those devices, where it is not `<bundleId>.voip`. */
  readonly topic?: string
  /** Apple's production service, or its sandbox. */
  readonly production?: boolean
  /** Another service than Apple's, for tests: host, port, and PEM of the CA that signed its certificate. */
  readonly address?: string
  readonly port?: number
  readonly ca?: string
  /** How long one push may take, ms. */
  readonly timeoutMs?: number
  /** How often an idle connection is pinged, ms. */
  readonly pingMs?: number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

const PRODUCTION = 'api.push.apple.com'
const SANDBOX = 'api.sandbox.push.apple.com'

/**
 * VoIP pushes through APNs over HTTP/2 with a provider token. Only what an app can report as a call is pushed, calls
 * and invitations: iOS ends an app that gets a VoIP push and reports no call, and in the end pushes to it no more.
 *
 * @throws where the key cannot be read or is none.
 */
export function createApnsSender(options: ApnsOptions): PushSender {
  return new ApnsSender(options)
}

class ApnsSender implements PushSender {
  readonly tellsEndings = false
  readonly #app: ApnsApp
  readonly #providerToken: ProviderToken
  readonly #connection: ApnsConnection
  readonly #timeoutMs: number
  #closed = false

  constructor(options: ApnsOptions) {
    const { teamId, bundleId, production = true, port = 443, ca, timeoutMs = 5000, pingMs = 60_000 } = options
    const host = options.address ?? (production ? PRODUCTION : SANDBOX)
    this.#app = { teamId, topic: options.topic ?? (bundleId === undefined ? undefined : `${bundleId}.voip`) }
    this.#providerToken = new ProviderToken(options, options.now)
    this.#timeoutMs = timeoutMs
    const session = { origin: `https://${bracketed(host)}:${port}`, ca, pingMs, pongMs: timeoutMs }
    this.#connection = new ApnsConnection(session, timeoutMs)
  }

  async send(message: PushMessage, signal: AbortSignal): Promise<PushOutcome> {
    signal.throwIfAborted()
    if (this.#closed) return { kind: 'refused', detail: 'APNs is closed' }
    if (message.kind !== 'call' && message.kind !== 'invitation')
      return { kind: 'refused', detail: `a VoIP push must bring a call, and this is "${message.kind}"` }
    const target = apnsTarget(message.device, this.#app)
    if ('problem' in target) return { kind: 'refused', detail: target.problem }
    const notification = notificationOf(message, target)
    if ('problem' in notification) return { kind: 'refused', detail: notification.problem }

    const authorization = `bearer ${this.#providerToken.current()}`
    const headers = { ...notification.headers, authorization }
    const answer = await this.#connection.push({ ...notification, headers }, signal)
    if (answer === 'silent') return { kind: 'retry', detail: `APNs: no answer within ${this.#timeoutMs} ms` }
    if (this.#closed && answer.kind === 'lost') return { kind: 'refused', detail: 'APNs was closed' }
    if (answer.kind === 'answered' && answer.reason === 'ExpiredProviderToken') this.#providerToken.expired()
    return outcomeOf(answer)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#connection.close()
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
