import type { LogLine } from '../../test/support/process.js'

/** Where a call met its worker, and its phone's REGISTER: on the same, or on two. */
export type Crossing = 'same' | 'other'

/**
 * Of each call, by its number in the run, as the log of the server tells it in its order. A phone is in one call at a
 * time: the last REGISTER of it that was accepted before its call ended is the one that woke it.
 */
export function crossingsOf(log: readonly LogLine[]): ReadonlyMap<number, Crossing> {
  const registered = new Map<string, unknown>()
  const crossings = new Map<number, Crossing>()
  for (const line of log) {
    if (line.msg === 'REGISTER accepted' && Number(line['registered']) > 0) {
      registered.set(numberIn(line['to']), line['worker'])
    }
    if (line.msg !== 'call ended') continue
    const call = /caller(\d+)/.exec(String(line['from']))?.[1]
    const worker = registered.get(numberIn(line['to']))
    if (call === undefined || worker === undefined) continue
    crossings.set(Number(call), worker === line['worker'] ? 'same' : 'other')
  }
  return crossings
}

/** The first number in a text: phones have no other name. */
function numberIn(text: unknown): string {
  return /\d+/.exec(String(text))?.[0] ?? ''
}
