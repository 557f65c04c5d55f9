import type { LadderEvent } from './ladder.js'
import type { ReceivedPush } from './push-service.js'
import { labelOf, type LogEntry } from './sip/log.js'

/** What a player saw of its conversation with the server. Copies of one message are drawn once. */
export function eventsOf(player: string, server: string, entries: readonly LogEntry[]): LadderEvent[] {
  const seen = new Set<LogEntry['message']>()
  return entries.flatMap((entry) => {
    if (seen.has(entry.message)) return []
    seen.add(entry.message)
    const [from, to] = entry.direction === 'sent' ? [player, server] : [server, player]
    const label = describe(entry)
    return [{ at: entry.at, from, to, label, ...(entry.fate === 'lost' ? { lost: true } : {}) }]
  })
}

/** Pushes from the server to the service, and from there to the phone where one is named. */
export function pushEvents(
  pushes: readonly ReceivedPush[],
  server: string,
  service: string,
  phone?: string,
): LadderEvent[] {
  return pushes.flatMap(({ at, payload }) => {
    const kind = typeof payload['kind'] === 'string' ? payload['kind'] : '?'
    const sent = { at, from: server, to: service, label: `push (${kind})` }
    return phone === undefined ? [sent] : [sent, { at, from: service, to: phone, label: `push (${kind})` }]
  })
}

function describe({ message }: LogEntry): string {
  return message.body.startsWith('v=0') ? `${labelOf(message)} SDP` : labelOf(message)
}
