import type { CallEvent } from '../call/event.js'
import type { AttemptId } from '../call/ids.js'
import type { Device } from '../ports/store.js'
import type { PushResult } from '../wake/push-until.js'
import type { WakeHandle } from '../wake/waker.js'
import { callIdOf } from './dial-order.js'
import type { CallFacts, Services } from './services.js'

/** A push that is being made ready, or is on its way. */
interface Wake {
  readonly attempt: AttemptId
  handle: WakeHandle | undefined
  stopped: boolean
}

/** The pushes of one call. */
export class Wakes {
  /** Those that have no outcome yet. */
  private readonly wakes: Wake[] = []

  constructor(
    private readonly services: Pick<Services, 'waker' | 'settings' | 'tokens' | 'regions'>,
    private readonly call: CallFacts,
    private readonly hooks: { post(event: CallEvent): void },
  ) {}

  /**
   * Pushes until `deadline` (microseconds since the epoch), and posts what comes of it.
   *
   * @param offer makes our SDP for the push, where the device is to get one
   */
  async wake(
    attempt: AttemptId,
    device: Device | undefined,
    deadline: number,
    offer: (() => Promise<string | undefined>) | undefined,
  ): Promise<void> {
    const refused = (detail: string, gone = false) =>
      this.hooks.post({ type: 'push-refused', attempt, gone, detail })
    if (device === undefined) return refused('the device is not known')
    const wake: Wake = { attempt, handle: undefined, stopped: false }
    this.wakes.push(wake)
    try {
      const handle = await this.ready(device, deadline, offer, wake)
      if (handle === undefined) return refused('stopped')
      const outcome: PushResult = await handle.outcome
      if (outcome.kind === 'delivered') this.hooks.post({ type: 'push-delivered', attempt })
      else refused(outcome.detail, outcome.gone)
    } catch (error) {
      refused(`the push could not be made: ${String(error)}`)
      throw error
    } finally {
      this.wakes.splice(this.wakes.indexOf(wake), 1)
    }
  }

  stop(attempt: AttemptId): void {
    const wake = this.wakes.find((one) => one.attempt === attempt)
    if (wake === undefined) return
    wake.stopped = true
    wake.handle?.stop()
  }

  async tellEnding(attempt: AttemptId, device: Device, reason: string): Promise<void> {
    const { id } = this.call
    await this.services.waker.tellEnding(device, { id, sipCallId: callIdOf(id, attempt) }, reason).outcome
  }

  /** Undefined where it was stopped before it went out. */
  private async ready(
    device: Device,
    deadline: number,
    offer: (() => Promise<string | undefined>) | undefined,
    wake: Wake,
  ): Promise<WakeHandle | undefined> {
    const { id, called, origin } = this.call
    const { identity } = origin
    const { waker, tokens, settings, regions } = this.services
    const sdp = await offer?.()
    const claims = { callId: id, deviceId: device.id, user: device.user, expiresAt: deadline }
    const token = await tokens.mintCall(claims)
    if (wake.stopped) return undefined
    wake.handle = waker.wake({
      call: {
        id,
        sipCallId: callIdOf(id, wake.attempt),
        from: identity.user ?? 'anonymous',
        ...(identity.name === null ? {} : { fromName: identity.name }),
        to: called,
        token,
        ...(sdp === undefined ? {} : { offer: sdp }),
      },
      device,
      deadline,
      entry: { edge: regions.edge(device.region), api: settings.api },
    })
    return wake.handle
  }
}
