import { parseUri } from './uri.js'

/**
 * Whom a URI names: the user of a sip: URI, without the parameters that RFC 3966 lets stand in it, or the number of a tel:
 * URI. Undefined where it names nobody.
 */
export function userPartOf(uri: string): string | undefined {
  const parsed = parseUri(uri)
  switch (parsed?.kind) {
    case 'sip':
      return parsed.user?.split(';')[0]
    case 'tel':
      return parsed.number
    case 'other':
    case undefined:
      return undefined
  }
}
