import { parseNameAddr } from './name-addr.js'
import { parseUri, type Uri } from './uri.js'

/**
 * The telephone number that a URI names, visual separators taken out: `+14155550100` or a local `7000`, `*97`.
 * From a sip: URI it is the user part, without the parameters that RFC 3966 lets stand in it. Undefined where the
 * URI names no number.
 */
export function numberOf(uri: Uri): string | undefined {
  switch (uri.kind) {
    case 'tel':
      return bare(uri.number)
    case 'sip':
      return uri.user === undefined ? undefined : bare(uri.user.split(';')[0] ?? '')
    case 'other':
      return undefined
    default:
      return uri satisfies never
  }
}

/** The number in a header value such as From or P-Asserted-Identity, or in a bare URI. */
export function numberIn(headerValue: string): string | undefined {
  const address = parseNameAddr(headerValue)
  const uri = address && parseUri(address.uri)
  return uri && numberOf(uri)
}

function bare(text: string): string | undefined {
  const digits = text.replace(/[().-]/g, '')
  return /^(?:\+[0-9]+|[0-9*#]+)$/.test(digits) ? digits : undefined
}
