import type { CallEvent } from '../call/event.js'
import type { AttemptId } from '../call/ids.js'
import type { Device } from '../ports/store.js'
import type { PushResult } from '../wake/push-until.js'
import type { WakeHandle } from '../wake/waker.js'
import { callIdOf } from './dial-order.js'
import type { CallFacts, Services } from './services.js'

/** A push that is being made ready, or is on its way. */
interface Wake {
  handle: WakeHandle | undefined
  stopped: boolean
}

/** The pushes of one call. */
export class Wakes {
  private readonly wakes = new Map<AttemptId, Wake>()

  constructor(
    private readonly services: Pick<Services, 'waker' | 'settings' | 'tokens' | 'regions'>,
    private readonly call: CallFacts,
    private readonly post: (event: CallEvent) => void,
  ) {}

  /**
   * Pushes until `deadline` (microseconds since the epoch), and posts what comes of it.
   *
   * @param offer our SDP for the push, where the device is to get one
   */
  async wake(
    attempt: AttemptId,
    device: Device | undefined,
    deadline: number,
    offer: () => Promise<string | undefined>,
  ): Promise<void> {
    const refused = (detail: string, gone = false) =>
      this.post({ type: 'push-refused', attempt, gone, detail })
    if (device === undefined) return refused('the device is not known')
    const wake: Wake = { handle: undefined, stopped: false }
    this.wakes.set(attempt, wake)
    const handle = await this.ready(attempt, device, deadline, offer, wake).catch((error: unknown) => {
      refused(`the push could not be made: ${String(error)}`)
      throw error
    })
    if (handle === undefined) return refused('stopped')
    const outcome: PushResult = await handle.outcome
    if (outcome.kind === 'delivered') this.post({ type: 'push-delivered', attempt })
    else refused(outcome.detail, outcome.gone)
  }

  stop(attempt: AttemptId): void {
    const wake = this.wakes.get(attempt)
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
    attempt: AttemptId,
    device: Device,
    deadline: number,
    offer: () => Promise<string | undefined>,
    wake: Wake,
  ): Promise<WakeHandle | undefined> {
    const { id, called, origin } = this.call
    const { identity } = origin
    const { waker, tokens, settings, regions } = this.services
    const [token, sdp] = await Promise.all([
      tokens.mintCall({ callId: id, deviceId: device.id, user: device.user, expiresAt: deadline }),
      offer(),
    ])
    if (wake.stopped) return undefined
    wake.handle = waker.wake({
      call: {
        id,
        sipCallId: callIdOf(id, attempt),
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
