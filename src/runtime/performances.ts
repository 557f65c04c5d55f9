import type { PerformanceId } from '../call/ids.js'
import type { Performance } from '../call/performance.js'
import type { Clock } from '../ports/clock.js'
import type { MediaEndpoint } from '../ports/media.js'
import { type Performed, RunningPerformance } from './performance.js'

/** A performance, which may be stopped before the caller's media stands. */
interface Current {
  readonly id: PerformanceId
  running?: RunningPerformance
  stopped: boolean
}

/** What one caller is made to hear and dial, one performance after another. */
export class Performances {
  private current: Current | undefined

  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    private readonly country: string,
  ) {}

  /** Resolves when it is over, or stopped. Rejects as `endpoint` does. */
  async perform(
    id: PerformanceId,
    performance: Performance,
    endpoint: Promise<MediaEndpoint>,
  ): Promise<Performed> {
    const current: Current = { id, stopped: false }
    this.current = current
    const running = new RunningPerformance(performance, await endpoint, this.clock, this.country)
    if (current.stopped) return { digits: '', finished: false }
    current.running = running
    return running.run()
  }

  stop(id: PerformanceId): void {
    if (this.current?.id !== id) return
    this.current.stopped = true
    this.current.running?.stop()
  }

  /** A key of the caller, by RTP or by INFO. */
  digit(digit: string): void {
    this.current?.running?.digit(digit)
  }
}
