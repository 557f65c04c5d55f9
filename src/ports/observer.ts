import type { CallEventRecord, CallRecord } from './store.js'

/** What is told of a call while it lives: for the journal, the metrics and the log. Never throws, never waits. */
export interface CallObserver {
  /** A call began, got its answer or ended: its row as it stands now. */
  call(record: CallRecord): void
  /** Something happened to it; lines come in order. */
  happened(event: CallEventRecord): void
  /** Its last leg is closed. `leaked`: what never said that it closed. */
  released(callId: string, leaked: readonly string[]): void
  /** An INVITE was refused before it became a call. */
  refused(status: number, why: string): void
}
