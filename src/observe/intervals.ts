import type { Stage, Timeline } from './timeline.js'

/** What is measured of a call: from one stage to a later one. */
const BETWEEN = {
  invite_to_push_sent: ['invite', 'push_sent'],
  push_sent_to_push_acknowledged: ['push_sent', 'push_acknowledged'],
  push_sent_to_registered: ['push_sent', 'registered'],
  registered_to_dialled: ['registered', 'dialled'],
  dialled_to_ringing: ['dialled', 'ringing'],
  answered_to_bridged: ['answered', 'bridged'],
  invite_to_bridged: ['invite', 'bridged'],
} as const satisfies Record<string, readonly [Stage, Stage]>

/** `wait`: how long the caller waited for its final answer, whatever that was. */
export type Interval = keyof typeof BETWEEN | 'wait'

/** Microseconds of every interval that the call went through. */
export function intervalsOf({ stages }: Timeline): ReadonlyMap<Interval, number> {
  const intervals = new Map<Interval, number>()
  const measure = (name: Interval, from: number | undefined, to: number | undefined): void => {
    // Stages overlap: a phone that was dialled on a live binding may be pushed while it already rings.
    if (from !== undefined && to !== undefined && to >= from) intervals.set(name, to - from)
  }
  for (const [name, [from, to]] of Object.entries(BETWEEN)) {
    measure(name as keyof typeof BETWEEN, stages[from], stages[to])
  }
  measure('wait', stages.invite, stages.bridged ?? stages.ended)
  return intervals
}

/** How long the two sides were joined, microseconds; undefined for a call that was not bridged or still lives. */
export function talkOf({ stages }: Timeline): number | undefined {
  return stages.bridged === undefined || stages.ended === undefined
    ? undefined
    : stages.ended - stages.bridged
}
