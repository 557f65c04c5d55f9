import type { Bus } from '../ports/bus.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { PushMessage, PushSender } from '../ports/push.js'
import type { Device, DeviceStore } from '../ports/store.js'
import { type Backoff, WAKE_BACKOFF } from './backoff.js'
import { type AppEntry, callPayload, endingPayload, type WakeCall } from './payload.js'
import { type PushResult, type PushRun, pushUntil } from './push-until.js'
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
  /**
   * Tells a device, where its service can push what is no call, that the edge it is registered on is lost, and which
   * one it is to register on.
   */
  rehome(device: Device, entry: AppEntry): WakeHandle
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
/** How long a device that was out of reach is still to be told of another edge, ms. */
const REHOME_MS = 600_000

/** What is pushed here. */
type Kind = Extract<PushMessage['kind'], 'call' | 'ended' | 'rehome'>

export function createWaker(deps: WakerDeps): Waker {
  return new PushWaker(deps)
}

/** What one push is about, for the log. */
interface Subject {
  readonly device: Device
  /** The call, where it is about one. */
  readonly callId?: string
}

class PushWaker implements Waker {
  readonly #stops = new Set<(reason: string) => void>()
  readonly #retirements = new Set<Promise<void>>()

  constructor(private readonly deps: WakerDeps) {}

  wake({ call, device, deadline, entry }: WakeRequest): WakeHandle {
    const payload = callPayload(call, entry, deadline, device.callsIn === true)
    return this.#push({ device, callId: call.id }, 'call', payload, deadline)
  }

  tellEnding(device: Device, call: Pick<WakeCall, 'id' | 'sipCallId'>, reason: string): WakeHandle {
    const deadline = this.deps.clock.now() + ENDING_MS * 1000
    const payload = endingPayload(call, reason)
    void this.deps.channels.tellEnding(device.id, payload)
    return this.#push({ device, callId: call.id }, 'ended', payload, deadline)
  }

  rehome(device: Device, { edge, api }: AppEntry): WakeHandle {
    return this.#push({ device }, 'rehome', { edge, api }, this.deps.clock.now() + REHOME_MS * 1000)
  }

  get pending(): number {
    return this.#stops.size + this.#retirements.size
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop('stopped')
    while (this.#retirements.size > 0) await Promise.all(this.#retirements)
  }

  #push(subject: Subject, kind: Kind, payload: PushMessage['payload'], deadline: number): WakeHandle {
    const { device, callId } = subject
    const remaining = deadline - this.deps.clock.now()
    if (remaining <= 0) return this.#refused(subject, kind, 'deadline reached')
    const way = this.#senderOf(device, kind)

    // Once stopped it stays so: reasons are texts, and the first one counts.
    const controller = new AbortController()
    const stop = (reason: string): void => controller.abort(reason)
    const cancelDeadline = this.deps.clock.after(Math.ceil(remaining / 1000), () => stop('deadline reached'))
    this.#stops.add(stop)
    const byPush = (): Promise<PushResult> => {
      if ('problem' in way) return Promise.resolve(notPushed(way.problem))
      const { sender, push } = way
      const about = { id: device.id, ...push }
      const message = { device: about, kind, payload, expiresAt: deadline, collapseKey: callId ?? kind }
      return this.#run(subject, { sender, message, deadline, signal: controller.signal })
    }
    const outcome = this.#byChannel(device, kind, payload, deadline, byPush).then((result) => {
      cancelDeadline()
      this.#stops.delete(stop)
      this.#report(subject, kind, result)
      if ('push' in way && result.kind === 'refused' && result.gone) {
        this.#retire(device, way.push, result.detail)
      }
      return result
    })
    return { outcome, stop: () => stop('stopped') }
  }

  #run(
    subject: Subject,
    run: Pick<PushRun, 'sender' | 'message' | 'deadline' | 'signal'>,
  ): Promise<PushResult> {
    const { clock, backoff = WAKE_BACKOFF, random = Math.random, log } = this.deps
    const fields = fieldsOf(subject, run.message.kind)
    return pushUntil({
      clock,
      backoff,
      random,
      retrying: (attempt, delayMs, detail) =>
        log.debug({ attempt, delayMs, detail, ...fields }, 'push is to be tried again'),
      ...run,
    })
  }

  /** By the channel of the app where it is there, and else by push; an app that cannot be pushed may be there. */
  #byChannel(
    device: Device,
    kind: Kind,
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
    kind: Kind,
  ): { sender: PushSender; push: NonNullable<Device['push']> } | { problem: string } {
    const { push } = device
    if (push === null) return { problem: 'no channel and no push token' }
    const sender = this.deps.senders.get(push.provider)
    if (sender === undefined)
      return { problem: `no push service is configured under the name "${push.provider}"` }
    if (kind !== 'call' && !sender.tellsEndings)
      return {
        problem: `"${push.provider}" ${kind === 'ended' ? 'cannot tell the ending of a call' : 'pushes calls alone'}`,
      }
    return { sender, push }
  }

  #refused(subject: Subject, kind: Kind, detail: string): WakeHandle {
    const result = notPushed(detail)
    this.#report(subject, kind, result)
    return { outcome: Promise.resolve(result), stop: () => undefined }
  }

  #report(subject: Subject, kind: Kind, result: PushResult): void {
    const { kind: _, ...told } = result
    const fields = Object.assign(fieldsOf(subject, kind), told)
    if (result.kind === 'delivered') this.deps.log.info(fields, 'push delivered')
    else if (result.detail === 'stopped') this.deps.log.debug(fields, 'push stopped')
    // With some services that is how everything goes but a call.
    else if (kind !== 'call' && result.attempts === 0) this.deps.log.debug(fields, 'not pushed')
    else this.deps.log.warn(fields, 'push refused')
  }

  #retire(device: Device, push: NonNullable<Device['push']>, reason: string): void {
    const retirement = retireToken(this.deps, device, push, reason).finally(() =>
      this.#retirements.delete(retirement),
    )
    this.#retirements.add(retirement)
  }
}

function notPushed(detail: string): PushResult {
  return { kind: 'refused', gone: false, detail, attempts: 0 }
}

/** Tokens are left out: who has one can push to the device. */
function fieldsOf({ device, callId }: Subject, kind: string): object {
  return { callId, kind, deviceId: device.id, provider: device.push?.provider }
}
