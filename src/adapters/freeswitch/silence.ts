import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import type { FreeswitchEndpoint } from './endpoint.js'

interface Seen {
  readonly packets: number
  /** Microseconds, by the clock. */
  readonly since: number
  readonly told: boolean
}

const LONGEST_PERIOD_MS = 10_000

/**
 * Tells endpoints that nothing comes in. FreeSWITCH's own media timeout hangs up, which is too much: one silent side
 * may be on hold by right, and whether a call is dead its runtime says.
 */
export class SilenceWatch {
  private readonly seen = new WeakMap<FreeswitchEndpoint, Seen>()
  private stop: (() => void) | undefined

  constructor(
    private readonly endpoints: () => readonly FreeswitchEndpoint[],
    private readonly timeoutMs: number,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    if (timeoutMs > 0) this.later()
  }

  close(): void {
    this.stop?.()
    this.stop = undefined
  }

  private later(): void {
    this.stop = this.clock.after(Math.min(this.timeoutMs / 4, LONGEST_PERIOD_MS), () => {
      this.later()
      for (const endpoint of this.endpoints()) {
        this.look(endpoint).catch((error: unknown) => {
          // An endpoint that goes away meanwhile is told of that by other ways.
          this.log.debug({ err: error, endpoint: endpoint.id }, 'a media leg could not be counted')
        })
      }
    })
  }

  private async look(endpoint: FreeswitchEndpoint): Promise<void> {
    if (!endpoint.expectsMedia) return void this.seen.delete(endpoint)
    const { packetsIn: packets } = await endpoint.counters()
    const now = this.clock.now()
    const before = this.seen.get(endpoint)
    if (before === undefined || before.packets !== packets) {
      this.seen.set(endpoint, { packets, since: now, told: false })
    } else if (!before.told && now - before.since >= this.timeoutMs * 1000) {
      this.seen.set(endpoint, { ...before, told: true })
      endpoint.silent()
    }
  }
}
