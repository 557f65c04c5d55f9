import { createHash } from 'node:crypto'
import type { CallFacts, Occasion, Told } from '../facts.js'

const NO_ACCOUNT = `AC${'0'.repeat(32)}`

/** The parameters of a TwiML webhook, by the names and values that Twilio documents; presence is ours. */
export function formOf(
  call: CallFacts,
  account: string | null,
  told: Told,
): Readonly<Record<string, string>> {
  const from = call.from === null ? 'anonymous' : call.fromClient ? `client:${call.from}` : call.from
  return {
    CallSid: callSid(call.id),
    AccountSid: account ?? NO_ACCOUNT,
    ApiVersion: '2010-04-01',
    Direction: 'inbound',
    CallStatus: told.status,
    ...{ From: from, Caller: from, To: call.to, Called: call.to },
    ...(call.fromName === null ? {} : { CallerName: call.fromName }),
    ...(call.forwardedFrom === null ? {} : { ForwardedFrom: call.forwardedFrom }),
    ...occasionOf(told.occasion, call.id),
    ...presenceOf(call, told.presence),
    ...(told.error === undefined ? {} : { ErrorCode: String(told.error.code), ErrorUrl: told.error.url }),
  }
}

/** 34 characters, as applications expect. Our ids are UUIDs, whose digits fit. */
export function callSid(id: string): string {
  const digits = id.replace(/-/g, '').toLowerCase()
  return `CA${/^[0-9a-f]{32}$/.test(digits) ? digits : createHash('sha256').update(id).digest('hex').slice(0, 32)}`
}

function occasionOf(occasion: Occasion, callId: string): Readonly<Record<string, string>> {
  switch (occasion.kind) {
    case 'start':
    case 'redirected':
      return {}
    case 'rung': {
      const { status, bridgedMs, to } = occasion.result
      return {
        DialCallStatus: status,
        DialCallSid: callSid(`${callId} ${to ?? ''}`),
        DialBridged: String(status === 'completed'),
        ...(status === 'completed' ? { DialCallDuration: seconds(bridgedMs) } : {}),
      }
    }
    case 'gathered': {
      const { digits, finishedOn } = occasion.result
      return { Digits: digits, FinishedOnKey: finishedOn ?? '' }
    }
    case 'ended': {
      const { ending, durationMs } = occasion
      return {
        ...{ CallbackSource: 'call-progress-events', SequenceNumber: '0' },
        ...{ CallDuration: seconds(durationMs), Duration: String(Math.ceil(durationMs / 60_000)) },
        SipResponseCode: String(ending.status),
      }
    }
    default:
      return occasion satisfies never
  }
}

/** `Presence` is that of the user whose settings sent the call here; the others' names are in the parameters'. */
function presenceOf({ user }: CallFacts, presence: ReadonlyMap<string, string>): Record<string, string> {
  const own = user === null ? undefined : presence.get(user)
  return {
    ...(own === undefined ? {} : { Presence: own }),
    ...Object.fromEntries([...presence].map(([name, state]) => [`Presence_${name}`, state])),
  }
}

function seconds(ms: number): string {
  return String(Math.round(ms / 1000))
}
