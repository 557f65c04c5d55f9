import { parseNameAddr } from '../sip-text/name-addr.js'
import { numberOf } from '../sip-text/number.js'
import { parseUri, type Uri } from '../sip-text/uri.js'

/**
 * The number in a header value such as Diversion, as it is written there; a local one goes behind its phone-context
 * where that is a number (RFC 3966 §5.1.5). Undefined where the value names none.
 */
export function numberIn(value: string): string | undefined {
  const address = parseNameAddr(value)
  const uri = address && parseUri(address.uri)
  const number = uri && numberOf(uri)
  if (uri === undefined || number === undefined || number.startsWith('+')) return number
  const context = contextOf(uri)
  return context?.startsWith('+') === true ? `${context}${number}` : number
}

function contextOf(uri: Uri): string | undefined {
  switch (uri.kind) {
    case 'tel':
      return uri.params.find(({ name }) => name === 'phone-context')?.value ?? undefined
    // RFC 3261 §19.1.6: the parameters of the tel URI stand in the user part.
    case 'sip':
      return /;phone-context=([^;]+)/i.exec(uri.user ?? '')?.[1]
    case 'other':
      return undefined
    default:
      return uri satisfies never
  }
}
