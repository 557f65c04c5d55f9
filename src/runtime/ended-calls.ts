import type { Ending } from '../call/ending.js'
import type { CallView } from '../ports/call-control.js'
import type { Clock } from '../ports/clock.js'
import { Recent } from './recent.js'

/** A call that is over, as its devices may still ask for it. */
export interface EndedCall {
  readonly view: Omit<CallView, 'yours' | 'ending'> & { readonly ending: Ending }
  /** Every device that was told of it. */
  readonly devices: readonly string[]
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
  private readonly calls: Recent<EndedCall>

  constructor(clock: Pick<Clock, 'now'>) {
    this.calls = new Recent(clock, KEEP_MS, MOST)
  }

  remember(call: EndedCall): void {
    this.calls.remember(call.view.callId, call)
  }

  find(callId: string): EndedCall | undefined {
    return this.calls.find(callId)
  }
}
