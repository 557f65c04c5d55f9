import type { Ending } from '../call/ending.js'
import type { CallView } from '../ports/call-control.js'
import type { Clock } from '../ports/clock.js'

/** A call that is over, as its devices may still ask for it. */
export interface EndedCall {
  readonly view: Omit<CallView, 'yours' | 'ending'> & { readonly ending: Ending }
  /** Every device that was told of it. */
  readonly devices: ReadonlySet<string>
  /** The one that had it. */
  readonly winner: string | null
}

/** How long a call is remembered after its end, ms: the database knows it longer. */
const KEEP_MS = 300_000
/** And how many at most, the newest. */
const MOST = 20_000

/**
 * The calls of this node that ended a short while ago: a phone that wakes late asks for its call before the journal
 * is on disk.
 */
export class EndedCalls {
  private readonly calls = new Map<string, { readonly call: EndedCall; readonly until: number }>()

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  remember(call: EndedCall): void {
    this.calls.set(call.view.callId, { call, until: this.clock.now() + KEEP_MS * 1000 })
    this.forgetOld()
  }

  find(callId: string): EndedCall | undefined {
    const found = this.calls.get(callId)
    return found !== undefined && found.until > this.clock.now() ? found.call : undefined
  }

  get size(): number {
    return this.calls.size
  }

  /** In the order in which they ended, so the oldest come first. */
  private forgetOld(): void {
    const now = this.clock.now()
    for (const [id, { until }] of this.calls) {
      if (until > now && this.calls.size <= MOST) return
      this.calls.delete(id)
    }
  }
}
