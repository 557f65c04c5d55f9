import type { ForwardingCodes, ForwardingView } from '../ports/forwarding-control.js'
import { nationalNumber } from './phone-numbers.js'
import type { Subscriber } from './subscribers.js'

/** The codes that point the forwarding of this subscriber at its DID, ready to be dialled. */
export function codesOf(subscriber: Subscriber): ForwardingView['codes'] {
  const { carrier, country, did, noReplyMs } = subscriber
  const number = carrier.number === 'national' ? nationalNumber(did, country) : did
  const fill = (code: string): string =>
    code.replaceAll('{did}', number).replaceAll('{seconds}', String(Math.round(noReplyMs / 1000)))
  const filled = Object.entries(carrier.codes).map(([condition, codes]: [string, ForwardingCodes]) => [
    condition,
    Object.fromEntries(Object.entries(codes).map(([what, code]: [string, string]) => [what, fill(code)])),
  ])
  return Object.fromEntries(filled) as ForwardingView['codes']
}
