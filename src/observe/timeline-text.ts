import { type Stage, STAGES } from './timeline.js'

const LABELS: Record<Stage, string> = {
  reported: 'reported',
  invite: 'INVITE',
  push_sent: 'push sent',
  push_acknowledged: 'push acknowledged',
  accepted: 'accepted',
  registered: 'registered',
  dialled: 'dialled',
  ringing: 'ringing',
  answered: 'answered',
  instructed: 'phone instructed',
  forwarded: 'forwarded INVITE',
  bridged: 'bridged',
  ended: 'ended',
}

/** As much of an ending as is written; one that came over HTTP is as good. */
export interface EndingWords {
  readonly cause: string
  readonly by: string
  readonly status: number
  readonly detail?: string | undefined
}

export interface TimelineWords {
  /** Microseconds since the INVITE. */
  readonly stages: Readonly<Partial<Record<Stage, number | undefined>>>
  readonly ending: EndingWords | null
}

/** One line a stage, in the order of time: milliseconds since the INVITE, and since the line before. */
export function renderTimeline({ stages, ending }: TimelineWords): string {
  const reached = STAGES.flatMap((stage) => {
    const at = stages[stage]
    return at === undefined ? [] : [{ stage, at }]
  }).sort((a, b) => a.at - b.at)
  return reached
    .map(({ stage, at }, index) => {
      const before = reached[index - 1]
      const since = before === undefined ? '' : `+${milliseconds(at - before.at)}`
      const how = stage === 'ended' && ending !== null ? describeEnding(ending) : ''
      const line = [LABELS[stage].padEnd(18), milliseconds(at).padStart(12), 'ms', since.padStart(13), how]
      return line.join(' ').trimEnd()
    })
    .join('\n')
}

/** `no-answer by server, 480 (ring time is over)` */
export function describeEnding({ cause, by, status, detail }: EndingWords): string {
  return `${cause} by ${by}, ${String(status)}${detail === undefined ? '' : ` (${detail})`}`
}

/** `us` microseconds as milliseconds, to the microsecond. */
export function milliseconds(us: number): string {
  return (us / 1000).toFixed(3)
}
