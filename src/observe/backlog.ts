import type { CallEventRecord, CallRecord } from '../ports/store.js'

/** Rows that go to the store together. */
export interface Batch {
  readonly calls: readonly CallRecord[]
  readonly events: readonly CallEventRecord[]
}

/** Rows that found no room, or that the store will never take. */
export interface Lost {
  readonly calls: number
  readonly events: number
}

/** What waits to be written: the latest state of each call, and the events of each call in their order. */
export interface Backlog {
  /** Takes a state in place of the one that still waits; returns what had to go for it. */
  addCall(call: CallRecord): Lost
  addEvent(event: CallEventRecord): Lost
  /** Takes out up to so many rows, calls first and oldest first. */
  take(rows: number): Batch
  /** Rows. */
  size(): number
}

/**
 * @param bound rows at most. Over it goes, each time the oldest of its kind: events of calls that have not ended,
 * then events of calls that have; then the state of a call that has not ended, which its ending will bring back;
 * and last, where nothing but endings is left, an ending.
 */
export function createBacklog(bound: number): Backlog {
  const rows = { live: new Map<string, CallRecord>(), ended: new Map<string, CallRecord>() }
  const events = { live: new Journals(), ended: new Journals() }

  const size = () => rows.live.size + rows.ended.size + events.live.size + events.ended.size

  const makeRoom = (): Lost => {
    if (size() <= bound) return { calls: 0, events: 0 }
    if (events.live.dropOldest() || events.ended.dropOldest()) return { calls: 0, events: 1 }
    takeFirst(rows.live.size > 0 ? rows.live : rows.ended)
    return { calls: 1, events: 0 }
  }

  return {
    addCall(call) {
      if (call.ending !== null) {
        rows.live.delete(call.id)
        rows.ended.set(call.id, call)
        events.ended.adopt(call.id, events.live)
      } else if (!rows.ended.has(call.id)) {
        rows.live.set(call.id, call)
      }
      return makeRoom()
    },
    addEvent(event) {
      const journals = rows.ended.has(event.callId) ? events.ended : events.live
      journals.add(event)
      return makeRoom()
    },
    take(limit) {
      const calls: CallRecord[] = []
      for (const waiting of [rows.ended, rows.live]) {
        while (calls.length < limit && waiting.size > 0) calls.push(...takeFirst(waiting))
      }
      const taken: CallEventRecord[] = []
      for (const journals of [events.ended, events.live])
        journals.take(limit - calls.length - taken.length, taken)
      return { calls, events: taken }
    },
    size,
  }
}

function takeFirst<T>(map: Map<string, T>): T[] {
  for (const [key, value] of map) {
    map.delete(key)
    return [value]
  }
  return []
}

/** Events by call: the calls in the order of their first event that waits. */
class Journals {
  readonly #byCall = new Map<string, CallEventRecord[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(event: CallEventRecord): void {
    const journal = this.#byCall.get(event.callId)
    if (journal === undefined) this.#byCall.set(event.callId, [event])
    else journal.push(event)
    this.#size += 1
  }

  /** Takes over the events of a call from `other`. */
  adopt(callId: string, other: Journals): void {
    for (const event of other.#byCall.get(callId) ?? []) {
      this.add(event)
      other.#size -= 1
    }
    other.#byCall.delete(callId)
  }

  /** Moves up to `limit` events into `into`. */
  take(limit: number, into: CallEventRecord[]): void {
    for (const [callId, journal] of this.#byCall) {
      if (limit <= 0) return
      const taken = journal.splice(0, limit)
      if (journal.length === 0) this.#byCall.delete(callId)
      this.#size -= taken.length
      limit -= taken.length
      into.push(...taken)
    }
  }

  dropOldest(): boolean {
    if (this.#size === 0) return false
    this.take(1, [])
    return true
  }
}
