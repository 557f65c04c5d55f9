import type { Bus } from '../ports/bus.js'
import type { Clock } from '../ports/clock.js'
import type { ToldInvited } from '../ports/invitation-messages.js'
import type { Invitation } from '../ports/invitations.js'
import type { Log } from '../ports/log.js'
import type { PushMessage, PushSender } from '../ports/push.js'
import type { Device, DeviceStore } from '../ports/store.js'
import { WAKE_BACKOFF } from '../wake/backoff.js'
import { pushUntil } from '../wake/push-until.js'
import { retireToken } from '../wake/retire.js'
import { forInvited, pushOfInvitation } from './messages.js'

/** How long the news of an ending is worth telling, µs. */
const ENDING_US = 60_000_000
/** How long a device may ask how an invitation ended that has expired, µs. */
const ASKING_US = 300_000_000

export interface TellingDeps {
  /** Tells a device by its channel; `no-channel` where it does not say that it has the message. Never rejects. */
  offer(deviceId: string, message: ToldInvited, expiresAt: number): Promise<'taken' | 'no-channel'>
  mintInvitation(claims: {
    readonly invitationId: string
    readonly deviceId: string
    readonly expiresAt: number
  }): Promise<string>
  /** Base URL of the client API, for those who are pushed. */
  readonly api: () => string
  /** By pn-provider. */
  readonly senders: ReadonlyMap<string, PushSender>
  readonly store: Pick<DeviceStore, 'device' | 'retirePush'>
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Clock
  readonly log: Log
}

/** Tells invited devices, by channel or else by push: one thing after another for each device. */
export class Telling {
  readonly #stops = new Map<string, AbortController>()
  /** The last thing that a device is told, by invitation and device. */
  readonly #last = new Map<string, Promise<unknown>>()
  readonly #closing = new AbortController()

  constructor(private readonly deps: TellingDeps) {}

  /** How many devices are being told. */
  get pending(): number {
    return this.#last.size
  }

  /** Resolves with what was in the way, or null where the device was told or needs it no more. Never rejects. */
  invite(invitation: Invitation, deviceId: string): Promise<string | null> {
    const key = keyOf(invitation, deviceId)
    const stop = new AbortController()
    this.#stops.set(key, stop)
    return this.#next(key, async () => {
      try {
        return await this.#invite(invitation, deviceId, AbortSignal.any([stop.signal, this.#closing.signal]))
      } finally {
        if (this.#stops.get(key) === stop) this.#stops.delete(key)
      }
    })
  }

  /** The device is pushed no more for this invitation. */
  stop(invitation: Invitation, deviceId: string): void {
    this.#stops.get(keyOf(invitation, deviceId))?.abort('no longer needed')
  }

  /** Tells the end that the invitation has for the device. */
  async tellEnd(invitation: Invitation, deviceId: string, message: ToldInvited): Promise<void> {
    this.stop(invitation, deviceId)
    await this.#next(keyOf(invitation, deviceId), async () => {
      const expiresAt = this.deps.clock.now() + ENDING_US
      if ((await this.deps.offer(deviceId, message, expiresAt)) === 'taken') return null
      const device = await this.deps.store.device(deviceId)
      const { type: kind, ...payload } = message
      if (device === null || kind === 'invitation') return null
      return this.#push(device, { kind, payload, expiresAt }, invitation.id, this.#closing.signal)
    })
  }

  /** Stops every push; resolves when all is quiet. */
  async close(): Promise<void> {
    this.#closing.abort('stopped')
    while (this.#last.size > 0) await Promise.all(this.#last.values())
  }

  async #invite(invitation: Invitation, deviceId: string, signal: AbortSignal): Promise<string | null> {
    const { deps } = this
    const { id: invitationId, expiresAt } = invitation
    const token = await deps.mintInvitation({ invitationId, deviceId, expiresAt: expiresAt + ASKING_US })
    const message = forInvited(invitation, token)
    if (message.type !== 'invitation') return null
    if (signal.aborted || (await deps.offer(deviceId, message, expiresAt)) === 'taken') return null
    const device = await deps.store.device(deviceId)
    if (signal.aborted) return null
    if (device === null) return 'the device is gone'
    const payload = pushOfInvitation(message, deps.api())
    return this.#push(device, { kind: 'invitation', payload, expiresAt }, invitationId, signal)
  }

  async #push(
    device: Device,
    what: Pick<PushMessage, 'kind' | 'payload' | 'expiresAt'>,
    invitationId: string,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { clock, log, senders } = this.deps
    const { push } = device
    const fields = { invitationId, kind: what.kind, deviceId: device.id, provider: push?.provider }
    if (push === null) return 'the device has no live push token'
    const sender = senders.get(push.provider)
    if (sender === undefined) return `no push service is configured under the name "${push.provider}"`
    // It must bring a call to the user (APNs, VoIP), and an ending is none.
    if (what.kind !== 'invitation' && !sender.tellsEndings) return null
    const result = await pushUntil({
      ...{ sender, clock, signal, deadline: what.expiresAt, backoff: WAKE_BACKOFF, random: Math.random },
      message: { ...what, device: { ...push, id: device.id }, collapseKey: invitationId },
      retrying: (attempt, delayMs, detail) =>
        log.debug({ ...fields, attempt, delayMs, detail }, 'push is to be tried again'),
    })
    if (result.kind === 'delivered') {
      log.info({ ...fields, attempts: result.attempts }, 'push delivered')
      return null
    }
    if (result.gone) await retireToken(this.deps, device, push, result.detail)
    if (signal.aborted) return null
    log.warn({ ...fields, detail: result.detail }, 'push refused')
    return result.detail
  }

  #next(key: string, work: () => Promise<string | null>): Promise<string | null> {
    const done = (this.#last.get(key) ?? Promise.resolve())
      .then(work)
      .catch((error: unknown) => {
        this.deps.log.warn({ err: error, key }, 'an invited device could not be told')
        return String(error)
      })
      .finally(() => {
        if (this.#last.get(key) === done) this.#last.delete(key)
      })
    this.#last.set(key, done)
    return done
  }
}

function keyOf({ id }: Invitation, deviceId: string): string {
  return JSON.stringify([id, deviceId])
}
