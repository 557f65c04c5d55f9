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

const NOTHING: Performed = { digits: '', finished: false }

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
    if (current.stopped) return NOTHING
    current.running = running
    return running.run()
  }

  /** Breaks it off. What had come of it by then: whoever stopped it does not wait for its end. */
  stop(id: PerformanceId): Performed {
    if (this.current?.id !== id) return NOTHING
    this.current.stopped = true
    this.current.running?.stop()
    return this.current.running?.soFar ?? NOTHING
  }

  /** A key of the caller, by RTP or by INFO. */
  digit(digit: string): void {
    this.current?.running?.digit(digit)
  }
}
