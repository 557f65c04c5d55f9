import type { Bus } from '../ports/bus.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { InstructedBy, PrimaryCallRecord, ToldPrimary } from '../ports/primary-calls.js'
import type { PushSender } from '../ports/push.js'
import type { DeviceStore } from '../ports/store.js'
import { WAKE_BACKOFF } from '../wake/backoff.js'
import { pushUntil } from '../wake/push-until.js'
import { retireToken } from '../wake/retire.js'
import type { PrimaryCallBook } from './book.js'

export interface InstructionsDeps {
  /** By the open channel of the device's app, as a numbered message. */
  readonly offer: (
    deviceId: string,
    message: ToldPrimary,
    expiresAt: number,
  ) => Promise<'taken' | 'no-channel'>
  /** By pn-provider. */
  readonly senders: ReadonlyMap<string, PushSender>
  readonly store: Pick<DeviceStore, 'device' | 'retirePush'>
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Tells phones to reject their primary calls: by channel, by the answer to a long poll and by data push at once. They
 * carry one and the same instruction; the phone follows the first that it gets, and knows the others by the call's id.
 */
export class Instructions {
  /** By call: ends the push, whose phone has the instruction. */
  readonly #pushes = new Map<string, AbortController>()
  readonly #underWay = new Set<Promise<void>>()

  constructor(
    private readonly book: PrimaryCallBook,
    private readonly deps: InstructionsDeps,
  ) {}

  /** Once a call; a second time nothing happens. Never throws. */
  give(id: string, patienceMs: number): void {
    const known = this.book.find(id)
    if (known === undefined || known.instructedAt !== null || known.endedAt !== null) return
    const now = this.deps.clock.now()
    const record = this.book.change(id, { instructedAt: now })
    if (record?.deviceId === undefined || record.deviceId === null) return
    const expiresAt = now + patienceMs * 1000
    const message = toldPrimary(record, expiresAt)
    this.#run(this.#byChannel(record.deviceId, message, expiresAt))
    this.#run(this.#byPush(record.deviceId, message, expiresAt))
  }

  /** It is known to have taken one of its ways. */
  reached(id: string, by: InstructedBy): void {
    const record = this.book.find(id)
    if (record !== undefined && record.instructedBy === null) this.book.change(id, { instructedBy: by })
  }

  /** The phone has it: nothing more is sent. */
  acknowledged(id: string): void {
    const record = this.book.find(id)
    if (record === undefined || record.instructedAt === null) return
    if (record.acknowledgedAt === null) this.book.change(id, { acknowledgedAt: this.deps.clock.now() })
    this.stop(id)
  }

  stop(id: string): void {
    this.#pushes.get(id)?.abort('stopped')
  }

  async close(): Promise<void> {
    for (const push of this.#pushes.values()) push.abort('stopped')
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  async #byChannel(deviceId: string, message: ToldPrimary, expiresAt: number): Promise<void> {
    if ((await this.deps.offer(deviceId, message, expiresAt)) !== 'taken') return
    this.reached(message.primaryCall, 'channel')
    this.acknowledged(message.primaryCall)
  }

  async #byPush(deviceId: string, message: ToldPrimary, expiresAt: number): Promise<void> {
    const { clock, log, senders, store } = this.deps
    const stop = new AbortController()
    this.#pushes.set(message.primaryCall, stop)
    try {
      const device = await store.device(deviceId)
      const push = device?.push ?? null
      if (device === null || push === null) return
      const sender = senders.get(push.provider)
      // It brings no call, and VoIP pushes of APNs must; cell calls are not for an app to reject there anyway.
      if (sender?.tellsEndings !== true) return
      const fields = { primaryCall: message.primaryCall, deviceId, provider: push.provider }
      const { type: kind, expiresAt: _at, expiresAtMs: _ms, ...payload } = message
      const result = await pushUntil({
        ...{ sender, clock, signal: stop.signal, deadline: expiresAt, backoff: WAKE_BACKOFF },
        random: Math.random,
        message: { kind, payload, expiresAt, device: { ...push, id: deviceId } },
        retrying: (attempt, delayMs, detail) =>
          log.debug({ ...fields, attempt, delayMs, detail }, 'push is to be tried again'),
      })
      if (result.kind === 'delivered') return this.reached(message.primaryCall, 'push')
      if (result.gone) await retireToken(this.deps, device, push, result.detail)
      if (!stop.signal.aborted) log.warn({ ...fields, detail: result.detail }, 'push refused')
    } finally {
      this.#pushes.delete(message.primaryCall)
    }
  }

  #run(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) =>
        this.deps.log.warn({ err: error }, 'a phone could not be instructed in one way'),
      )
      .finally(() => this.#underWay.delete(done))
    this.#underWay.add(done)
  }
}

function toldPrimary({ id, subscriber, caller, test }: PrimaryCallRecord, expiresAt: number): ToldPrimary {
  const at = new Date(expiresAt / 1000)
  return {
    ...{ type: 'primary-instruction', primaryCall: id, do: 'reject', subscriber, test },
    ...(caller === null ? {} : { caller }),
    expiresAt: at.toISOString(),
    expiresAtMs: at.getTime(),
  }
}
