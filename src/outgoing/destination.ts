import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js'
import { bareNumber } from '../routing/numbers.js'
import { parseUri } from '../sip-text/uri.js'

/** Whom a client asks for. */
export type Wanted =
  /** `number`: E.164 where that is known, and else as it was dialled, which `dialled` always is. */
  | { readonly kind: 'number'; readonly number: string; readonly dialled: string }
  | { readonly kind: 'user' | 'group'; readonly name: string }
  /** A name that may be a user's, a client's or a group's. */
  | { readonly kind: 'name'; readonly name: string }

const LONGEST_NAME = 256
const NAME = /^[A-Za-z0-9\-_.!~*'()&=+$,?/]+$/

/**
 * Reads what a client asks for: a number as somebody writes it, a tel: or sip: URI, a name, or `user:`, `client:` or
 * `group:` with a name. Of a SIP URI the user part counts, whatever its host. Undefined where it is none of these.
 *
 * @param country in which numbers without one are read
 */
export function readDestination(text: string, country: CountryCode | undefined): Wanted | undefined {
  const [, kind, name = ''] = /^(user|client|group):(.*)$/s.exec(text) ?? []
  if (kind !== undefined) return named(kind === 'group' ? 'group' : 'user', name)
  const uri = parseUri(text)
  switch (uri?.kind) {
    case 'sip':
      return uri.user === undefined ? undefined : readPlain(uri.user.split(';')[0] ?? '', country)
    case 'tel':
      return readPlain(uri.number, country)
    case 'other':
      return undefined
    case undefined:
      return readPlain(text, country)
  }
}

function readPlain(text: string, country: CountryCode | undefined): Wanted | undefined {
  const dialled = bareNumber(text)
  if (dialled === undefined || dialled === '') return named('name', text)
  return { kind: 'number', number: canonical(dialled, country), dialled }
}

function named(kind: 'user' | 'group' | 'name', name: string): Wanted | undefined {
  return NAME.test(name) && name.length <= LONGEST_NAME ? { kind, name } : undefined
}

/**
 * E.164 of a number that is written with `+` or 00, or is dialled in the country and one that the world knows. What is
 * left is local: an extension, a service of the trunk.
 */
export function canonical(bare: string, country: CountryCode | undefined): string {
  if (bare.startsWith('+')) return bare
  if (bare.startsWith('00')) return `+${bare.slice(2)}`
  const parsed = country === undefined ? undefined : parsePhoneNumberFromString(bare, country)
  return parsed?.isValid() === true ? parsed.number : bare
}
