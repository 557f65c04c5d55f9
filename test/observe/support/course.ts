import type { CallEventRecord, CallRecord } from '../../../src/ports/store.js'

export const START = Date.UTC(2026, 0, 1) * 1000

type Line = readonly [ms: number, type: string, data?: Readonly<Record<string, unknown>>]

/** A journal, from its lines: milliseconds since the INVITE, type, data. */
export function journalOf(callId: string, lines: readonly Line[]): CallEventRecord[] {
  return lines.map(([ms, type, data], seq) => ({
    callId,
    seq,
    at: START + Math.round(ms * 1000),
    type,
    data: data ?? null,
  }))
}

export const hungUp = { cause: 'hung-up', by: 'caller', status: 200 } as const

/** A sleeping phone is woken, answers, and the caller hangs up. */
export function wokenCall(callId = 'c1'): CallEventRecord[] {
  return journalOf(callId, [
    [0, 'invited', { target: { kind: 'number', number: '7000' }, hold: 'early-media' }],
    [1.2, 'routed', { destinations: 1 }],
    [1.25, 'push-sent', { attempt: 'a1', deviceId: 'phone' }],
    [4, 'held'],
    [20, 'push-delivered', { attempt: 'a1' }],
    [500, 'registered', arrival('phone')],
    [500.5, 'dialled', { dial: 'd2', attempt: 'a1' }],
    [510, 'dial-progressed', { dial: 'd2', status: 100 }],
    [530, 'dial-progressed', { dial: 'd2', status: 180 }],
    [3000, 'dial-answered', { dial: 'd2' }],
    [3020, 'connected'],
    [9000, 'leg-closed', { leg: 'caller' }],
    [9001, 'ended', hungUp],
  ])
}

export function arrival(deviceId: string): Readonly<Record<string, unknown>> {
  return { deviceId, bindingId: `b-${deviceId}` }
}

export function record(id = 'c1', more: Partial<CallRecord> = {}): CallRecord {
  return {
    id,
    startedAt: START,
    answeredAt: null,
    endedAt: null,
    trunk: 'carrier',
    client: null,
    from: '+15550001',
    to: '7000',
    user: 'alice',
    ending: null,
    ...more,
  }
}
