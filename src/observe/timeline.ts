import type { EndedBy, Ending, EndingCause } from '../call/ending.js'
import type { CallEventRecord } from '../ports/store.js'

/** The stages of a call that is woken and bridged, in the order in which they usually come. */
export const STAGES = [
  'reported',
  'invite',
  'push_sent',
  'push_acknowledged',
  'accepted',
  'registered',
  'dialled',
  'ringing',
  'answered',
  'instructed',
  'forwarded',
  'bridged',
  'ended',
] as const
export type Stage = (typeof STAGES)[number]

export interface Timeline {
  /**
   * When the INVITE came, or the report of a cell phone that rings; microseconds since the Unix epoch; null for a journal
   * that does not hold it.
   */
  readonly startedAt: number | null
  /** Microseconds since then; a stage that the call did not come to is missing. */
  readonly stages: Readonly<Partial<Record<Stage, number>>>
  readonly ending: Ending | null
}

/**
 * The stages of a call, read from its journal. Where several devices were tried, push, REGISTER and dial are those
 * of one of them: the one that answered, else the first that rang, else the first that was dialled.
 */
export function timelineOf(events: readonly CallEventRecord[]): Timeline {
  const invite = events.find(is('invited'))
  const reported = events.find(is('reported'))
  const first = invite ?? reported
  if (first === undefined) return { startedAt: null, stages: {}, ending: null }
  const ended = events.find(is('ended'))
  // What comes after the ending belongs to the clearing up.
  const lived = ended === undefined ? events : events.slice(0, events.indexOf(ended))
  const found: Record<Stage, CallEventRecord | undefined> = {
    reported,
    invite,
    ...course(lived),
    instructed: lived.find(is('instructed')),
    forwarded: lived.find(is('forwarded')),
    bridged: lived.find(is('connected')),
    ended,
  }
  const stages: Partial<Record<Stage, number>> = {}
  for (const stage of STAGES) {
    const event = found[stage]
    if (event !== undefined) stages[stage] = event.at - first.at
  }
  return { startedAt: first.at, stages, ending: endingOf(ended) }
}

type Course = Record<
  'push_sent' | 'push_acknowledged' | 'accepted' | 'registered' | 'dialled' | 'ringing' | 'answered',
  CallEventRecord | undefined
>

function course(events: readonly CallEventRecord[]): Course {
  // The leg that a device opened is its answer.
  const answered = events.find((event) => is('dial-answered')(event) || is('leg-arrived')(event))
  const rang = events.find(rings)
  const dial = (answered ?? rang ?? events.find(is('dialled')))?.data?.['dial']
  const dialled = events.find((e) => e.type === 'dialled' && e.data?.['dial'] === dial)
  const leg = dialled ?? events.find(is('leg-arrived'))
  const sent = events.find((e) => e.type === 'push-sent' && (leg === undefined || sameAttempt(e, leg)))
  return {
    accepted: events.find(is('accepted')),
    push_sent: sent,
    push_acknowledged: events.find(
      (e) => e.type === 'push-delivered' && sent !== undefined && sameAttempt(e, sent),
    ),
    registered: dialled === undefined ? undefined : registration(events, dialled, sent),
    dialled,
    ringing: events.find((e) => rings(e) && e.data?.['dial'] === dial),
    answered,
  }
}

/** The REGISTER that released the dial. */
function registration(
  events: readonly CallEventRecord[],
  dialled: CallEventRecord,
  push: CallEventRecord | undefined,
): CallEventRecord | undefined {
  const before = events.slice(0, events.indexOf(dialled))
  if (push !== undefined) {
    const deviceId = push.data?.['deviceId']
    return before
      .slice(before.indexOf(push) + 1)
      .findLast((e) => e.type === 'registered' && e.data?.['deviceId'] === deviceId)
  }
  // Nobody was pushed: only what the dial was a direct consequence of.
  const cause = before.findLast((e) => !CONSEQUENCES.has(e.type))
  return cause?.type === 'registered' ? cause : undefined
}

/** Lines that say what was done because of the event before them. */
const CONSEQUENCES: ReadonlySet<string> = new Set([
  'route-chosen',
  'push-sent',
  'dialled',
  'cancelled',
  'told',
  'ended',
])

function sameAttempt(a: CallEventRecord, b: CallEventRecord): boolean {
  return a.data?.['attempt'] === b.data?.['attempt']
}

/** 180 and 183 mean that a phone rings; the other provisionals are of the way to it (RFC 3261 §21.1). */
function rings(event: CallEventRecord): boolean {
  const status = event.data?.['status']
  return event.type === 'dial-progressed' && (status === 180 || status === 183)
}

function is(type: string): (event: CallEventRecord) => boolean {
  return (event) => event.type === type
}

/** The journal is our own writing, but it may be an older version's: what is no ending is none. */
function endingOf(event: CallEventRecord | undefined): Ending | null {
  const { cause, by, status, reason, detail } = event?.data ?? {}
  if (typeof cause !== 'string' || typeof by !== 'string' || typeof status !== 'number') return null
  return {
    cause: cause as EndingCause,
    by: by as EndedBy,
    status,
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof detail === 'string' ? { detail } : {}),
  }
}
