import type { CallEvent } from '../call/event.js'
import type { AttemptId } from '../call/ids.js'
import type { Device } from '../ports/store.js'
import type { WakeHandle } from '../wake/waker.js'
import { callIdOf } from './dial-order.js'
import type { CallFacts, Services } from './services.js'

/** The pushes of one call. */
export class Wakes {
  private readonly handles = new Map<AttemptId, WakeHandle>()

  constructor(
    private readonly services: Pick<Services, 'waker' | 'settings'>,
    private readonly call: CallFacts,
    private readonly post: (event: CallEvent) => void,
  ) {}

  /** Pushes until `deadline` (microseconds since the epoch), and posts what comes of it. */
  async wake(attempt: AttemptId, device: Device | undefined, deadline: number): Promise<void> {
    if (device === undefined) {
      this.post({ type: 'push-refused', attempt, gone: false, detail: 'the device is not known' })
      return
    }
    const { id, called, identity } = this.call
    const handle = this.services.waker.wake({
      call: {
        id,
        sipCallId: callIdOf(id, attempt),
        from: identity.user ?? 'anonymous',
        ...(identity.name === null ? {} : { fromName: identity.name }),
        to: called,
      },
      device,
      deadline,
      edge: this.services.settings.edge,
    })
    this.handles.set(attempt, handle)
    const outcome = await handle.outcome
    this.post(
      outcome.kind === 'delivered'
        ? { type: 'push-delivered', attempt }
        : { type: 'push-refused', attempt, gone: outcome.gone, detail: outcome.detail },
    )
  }

  stop(attempt: AttemptId): void {
    this.handles.get(attempt)?.stop()
  }

  async tellEnding(attempt: AttemptId, device: Device | undefined, reason: string): Promise<void> {
    if (device === undefined) return
    const { id } = this.call
    await this.services.waker.tellEnding(device, { id, sipCallId: callIdOf(id, attempt) }, reason).outcome
  }
}
