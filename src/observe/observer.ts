import type { Ending } from '../call/ending.js'
import type { Log } from '../ports/log.js'
import type { CallObserver } from '../ports/observer.js'
import type { CallEventRecord, CallRecord } from '../ports/store.js'
import { talkOf, intervalsOf } from './intervals.js'
import type { Journal } from './journal.js'
import type { Metrics } from './metrics.js'
import { timelineOf, type Timeline } from './timeline.js'

export interface ObserverDeps {
  readonly journal: Pick<Journal, 'record' | 'save'>
  readonly metrics: Pick<Metrics, 'ended' | 'refused' | 'leaked'>
  readonly log: Log
}

/** Hands on what is told of the calls: all of it to the journal, stages and endings to the metrics, one line a call to the log. */
export function createObserver(deps: ObserverDeps): CallObserver {
  return new Observer(deps)
}

class Observer implements CallObserver {
  /** What the timeline of each call that has not ended is read from. */
  readonly #courses = new Map<string, CallEventRecord[]>()

  constructor(private readonly deps: ObserverDeps) {}

  call(record: CallRecord): void {
    this.#safely('call', record.id, () => {
      this.deps.journal.save(record)
      if (record.ending !== null) this.#ended(record, record.ending)
    })
  }

  happened(event: CallEventRecord): void {
    this.#safely('happened', event.callId, () => {
      this.deps.journal.record(event)
      this.#follow(event)
      this.deps.log.debug(event, 'call event')
    })
  }

  released(callId: string, leaked: readonly string[]): void {
    this.#safely('released', callId, () => {
      this.#courses.delete(callId)
      if (leaked.length === 0) return
      this.deps.metrics.leaked(leaked.length)
      this.deps.log.warn({ callId, legs: leaked }, 'legs of a call never closed')
    })
  }

  refused(status: number, why: string): void {
    this.#safely('refused', undefined, () => {
      this.deps.metrics.refused(status)
      this.deps.log.info({ status, why }, 'INVITE refused')
    })
  }

  #follow(event: CallEventRecord): void {
    const begins = event.type === 'invited' || event.type === 'reported'
    if (begins) this.#courses.set(event.callId, [])
    const course = this.#courses.get(event.callId)
    // A long call has many events, and none of them is a stage any more.
    const bridged = course?.at(-1)?.type === 'connected'
    if (!bridged || event.type === 'ended') course?.push(event)
  }

  #ended(record: CallRecord, ending: Ending): void {
    const course = this.#courses.get(record.id)
    // The row of a call that has ended may be told again, with what crossed its ending.
    if (course === undefined) return
    this.#courses.delete(record.id)
    const timeline = timelineOf(course)
    this.deps.metrics.ended(ending, timeline)
    this.deps.log.info(lineOf(record, ending, timeline), 'call ended')
  }

  /** The caller of an observer is in the middle of a call: it must not hear of a fault of ours. */
  #safely(what: string, callId: string | undefined, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.deps.log.error({ err: error, callId, what }, 'a call could not be observed')
    }
  }
}

/** Durations in milliseconds. */
function lineOf(record: CallRecord, ending: Ending, timeline: Timeline): object {
  const { id, trunk, client, from, to, user } = record
  const { cause, by, status, reason, detail } = ending
  const intervals = intervalsOf(timeline)
  return {
    callId: id,
    from,
    to,
    user,
    trunk,
    client,
    cause,
    by,
    status,
    reason,
    detail,
    waitMs: toMs(intervals.get('wait')),
    talkMs: toMs(talkOf(timeline)),
    pushMs: toMs(intervals.get('push_sent_to_push_acknowledged')),
    wakeMs: toMs(intervals.get('push_sent_to_registered')),
  }
}

function toMs(us: number | undefined): number | undefined {
  return us === undefined ? undefined : us / 1000
}
