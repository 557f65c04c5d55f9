import type { PushMessage, PushOutcome, PushSender } from '../../ports/push.js'
import { ApnsConnection } from './apns-connection.js'
import { notificationOf } from './apns-notification.js'
import { outcomeOf } from './apns-outcome.js'
import { type ApnsApp, apnsTarget } from './apns-target.js'

export interface ApnsOptions {
  /** The .p8 key of the team: its PEM text, or the name of its file. */
  readonly key: string
  readonly keyId: string
  readonly teamId: string
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
}

/**
 * VoIP pushes through APNs over HTTP/2 with a provider token. Only calls are pushed: iOS ends an app that gets a
 * VoIP push and reports no call, and in the end pushes to it no more.
 *
 * APNs' own Retry-After is not passed on: node-apn keeps it to itself.
 *
 * @throws where the key cannot be read or is none.
 */
export function createApnsSender(options: ApnsOptions): PushSender {
  return new ApnsSender(options)
}

class ApnsSender implements PushSender {
  readonly tellsEndings = false
  readonly #app: ApnsApp
  readonly #connection: ApnsConnection
  readonly #timeoutMs: number
  #closed = false

  constructor(options: ApnsOptions) {
    const { teamId, bundleId, address, port, ca } = options
    this.#app = { teamId, topic: options.topic ?? (bundleId === undefined ? undefined : `${bundleId}.voip`) }
    this.#timeoutMs = options.timeoutMs ?? 5000
    this.#connection = new ApnsConnection(
      {
        token: { key: options.key, keyId: options.keyId, teamId },
        production: options.production ?? true,
        ...(address === undefined ? {} : { address }),
        ...(port === undefined ? {} : { port }),
        ...(ca === undefined ? {} : { ca: [ca] }),
      },
      this.#timeoutMs,
    )
  }

  async send(message: PushMessage, signal: AbortSignal): Promise<PushOutcome> {
    signal.throwIfAborted()
    if (this.#closed) return { kind: 'refused', detail: 'APNs is closed' }
    if (message.kind !== 'call')
      return { kind: 'refused', detail: `a VoIP push must bring a call, and this is "${message.kind}"` }
    const target = apnsTarget(message.device, this.#app)
    if ('problem' in target) return { kind: 'refused', detail: target.problem }
    const notification = notificationOf(message, target.topic)
    if ('problem' in notification) return { kind: 'refused', detail: notification.problem }

    const answer = await this.#connection.push(notification, target.token, signal)
    switch (answer.kind) {
      case 'sent':
        return { kind: 'delivered', ...(answer.id === undefined ? {} : { id: answer.id }) }
      case 'failed':
        if (this.#closed) return { kind: 'refused', detail: 'APNs was closed' }
        return outcomeOf(answer.failure)
      case 'silent':
        return { kind: 'retry', detail: `APNs: no answer within ${this.#timeoutMs} ms` }
      default:
        return answer satisfies never
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#connection.close()
  }
}
