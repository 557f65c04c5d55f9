import type { Bus } from '../ports/bus.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { PushMessage, PushSender } from '../ports/push.js'
import type { Device, DeviceStore } from '../ports/store.js'
import { type Backoff, WAKE_BACKOFF } from './backoff.js'
import { type AppEntry, callPayload, endingPayload, type WakeCall } from './payload.js'
import { type PushResult, pushUntil } from './push-until.js'
import { retireToken } from './retire.js'

export interface WakeRequest {
  readonly call: WakeCall
  readonly device: Device
  /** End of the hold, and of the push's use; microseconds since the epoch. */
  readonly deadline: number
  readonly entry: AppEntry
}

export interface WakeHandle {
  /** Never rejects. `refused` by `stop` has the detail "stopped". */
  readonly outcome: Promise<PushResult>
  /** Ends the wake now, retries and all. A push that the service has taken already is not undone. Idempotent. */
  readonly stop: () => void
}

export interface Waker {
  /** Pushes the call to the device until the service takes it, refuses it, or the deadline comes. */
  wake(request: WakeRequest): WakeHandle
  /**
   * Tells a device that was pushed how the call ended (`reason`: value of a Reason header), where its service can;
   * it replaces a wake-up that has not come through yet.
   */
  tellEnding(device: Device, call: Pick<WakeCall, 'id' | 'sipCallId'>, reason: string): WakeHandle
  /** Pushes that have no outcome yet, and tokens that are being retired. */
  readonly pending: number
  /** Stops every push, and resolves when the tokens that are being retired are. The senders stay open. */
  close(): Promise<void>
}

/** Devices whose app is there, and needs no push. Neither rejects. */
export interface AppChannels {
  /** `taken`: the app has the call. Undefined where no app at all has a channel: then nobody waits for an answer. */
  offerCall(
    deviceId: string,
    payload: PushMessage['payload'],
    expiresAt: number,
  ): Promise<'taken' | 'no-channel'> | undefined
  tellEnding(deviceId: string, payload: PushMessage['payload']): Promise<void>
}

export interface WakerDeps {
  readonly channels: AppChannels
  /** By pn-provider. */
  readonly senders: ReadonlyMap<string, PushSender>
  readonly store: Pick<DeviceStore, 'retirePush'>
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Clock
  readonly log: Log
  readonly backoff?: Backoff
  /** From 0 (inclusive) to 1; spreads retries. */
  readonly random?: () => number
}

/** How long the news of an ending is worth telling, ms: a phone that rings longer than this rings no more. */
const ENDING_MS = 60_000

export function createWaker(deps: WakerDeps): Waker {
  return new PushWaker(deps)
}

/** What one push is about, for the log. */
interface Subject {
  readonly device: Device
  readonly callId: string
}

class PushWaker implements Waker {
  readonly #stops = new Set<(reason: string) => void>()
  readonly #retirements = new Set<Promise<void>>()

  constructor(private readonly deps: WakerDeps) {}

  wake({ call, device, deadline, entry }: WakeRequest): WakeHandle {
    const payload = callPayload(call, entry, deadline)
    return this.#push({ device, callId: call.id }, 'call', payload, deadline)
  }

  tellEnding(device: Device, call: Pick<WakeCall, 'id' | 'sipCallId'>, reason: string): WakeHandle {
    const deadline = this.deps.clock.now() + ENDING_MS * 1000
    const payload = endingPayload(call, reason)
    void this.deps.channels.tellEnding(device.id, payload)
    return this.#push({ device, callId: call.id }, 'ended', payload, deadline)
  }

  get pending(): number {
    return this.#stops.size + this.#retirements.size
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop('stopped')
    while (this.#retirements.size > 0) await Promise.all(this.#retirements)
  }

  #push(
    subject: Subject,
    kind: 'call' | 'ended',
    payload: PushMessage['payload'],
    deadline: number,
  ): WakeHandle {
    const { device, callId } = subject
    const sender = this.#senderOf(device, kind)
    if ('problem' in sender) return this.#refused(subject, kind, sender.problem)
    const remaining = deadline - this.deps.clock.now()
    if (remaining <= 0) return this.#refused(subject, kind, 'deadline reached')

    const { push } = sender
    // Once stopped it stays so: reasons are texts, and the first one counts.
    const controller = new AbortController()
    const stop = (reason: string): void => controller.abort(reason)
    const cancelDeadline = this.deps.clock.after(Math.ceil(remaining / 1000), () => stop('deadline reached'))
    this.#stops.add(stop)
    const byPush = (): Promise<PushResult> =>
      pushUntil({
        sender: sender.sender,
        message: {
          device: { ...push, id: device.id },
          kind,
          payload,
          expiresAt: deadline,
          collapseKey: callId,
        },
        deadline,
        signal: controller.signal,
        clock: this.deps.clock,
        backoff: this.deps.backoff ?? WAKE_BACKOFF,
        random: this.deps.random ?? Math.random,
        retrying: (attempt, delayMs, detail) =>
          this.deps.log.debug(
            { ...fieldsOf(subject, kind), attempt, delayMs, detail },
            'push is to be tried again',
          ),
      })
    const outcome = this.#byChannel(device, kind, payload, deadline, byPush).then((result) => {
      cancelDeadline()
      this.#stops.delete(stop)
      this.#report(subject, kind, result)
      if (result.kind === 'refused' && result.gone) this.#retire(device, push, result.detail)
      return result
    })
    return { outcome, stop: () => stop('stopped') }
  }

  /** By the channel of the app where it is there, and else by push. */
  #byChannel(
    device: Device,
    kind: 'call' | 'ended',
    payload: PushMessage['payload'],
    deadline: number,
    otherwise: () => Promise<PushResult>,
  ): Promise<PushResult> {
    const offered = kind === 'call' ? this.deps.channels.offerCall(device.id, payload, deadline) : undefined
    if (offered === undefined) return otherwise()
    return offered.then((answer) =>
      answer === 'taken' ? { kind: 'delivered', id: 'channel', attempts: 0 } : otherwise(),
    )
  }

  #senderOf(
    device: Device,
    kind: 'call' | 'ended',
  ): { sender: PushSender; push: NonNullable<Device['push']> } | { problem: string } {
    const { push } = device
    if (push === null) return { problem: 'the device has no live push token' }
    const sender = this.deps.senders.get(push.provider)
    if (sender === undefined)
      return { problem: `no push service is configured under the name "${push.provider}"` }
    if (kind === 'ended' && !sender.tellsEndings)
      return { problem: `"${push.provider}" cannot tell the ending of a call` }
    return { sender, push }
  }

  #refused(subject: Subject, kind: 'call' | 'ended', detail: string): WakeHandle {
    const result: PushResult = { kind: 'refused', gone: false, detail, attempts: 0 }
    this.#report(subject, kind, result)
    return { outcome: Promise.resolve(result), stop: () => undefined }
  }

  #report(subject: Subject, kind: 'call' | 'ended', result: PushResult): void {
    const fields = { ...fieldsOf(subject, kind), ...result, kind }
    if (result.kind === 'delivered') this.deps.log.info(fields, 'push delivered')
    else if (result.detail === 'stopped') this.deps.log.debug(fields, 'push stopped')
    // With some services that is how every ending goes.
    else if (kind === 'ended' && result.attempts === 0) this.deps.log.debug(fields, 'ending not pushed')
    else this.deps.log.warn(fields, 'push refused')
  }

  #retire(device: Device, push: NonNullable<Device['push']>, reason: string): void {
    const retirement = retireToken(this.deps, device, push, reason).finally(() =>
      this.#retirements.delete(retirement),
    )
    this.#retirements.add(retirement)
  }
}

/** Tokens are left out: who has one can push to the device. */
function fieldsOf({ device, callId }: Subject, kind: string): object {
  return { callId, kind, deviceId: device.id, provider: device.push?.provider }
}
