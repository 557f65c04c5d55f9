import type { CodeTemplates, Condition } from './carrier-profiles.js'
import { nationalNumber } from './phone-numbers.js'
import type { Subscriber } from './subscribers.js'

/** What the phone dials, by condition; a condition that the network has no codes for is left out. */
export type ForwardingCodes = Readonly<Partial<Record<Condition, CodeTemplates>>>

/** The codes that point the forwarding of this subscriber at its DID, ready to be dialled. */
export function codesOf(subscriber: Subscriber): ForwardingCodes {
  const { carrier, country, did, noReplyMs } = subscriber
  const number = carrier.number === 'national' ? nationalNumber(did, country) : did
  const fill = (code: string): string =>
    code.replaceAll('{did}', number).replaceAll('{seconds}', String(Math.round(noReplyMs / 1000)))
  const filled = Object.entries(carrier.codes).map(([condition, codes]: [string, CodeTemplates]) => [
    condition,
    Object.fromEntries(Object.entries(codes).map(([what, code]: [string, string]) => [what, fill(code)])),
  ])
  return Object.fromEntries(filled) as ForwardingCodes
}
