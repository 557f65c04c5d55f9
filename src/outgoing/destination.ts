import type { CountryCode } from 'libphonenumber-js'
import { dial, type Dialled, isDiallable } from '../routing/dialled.js'
import { bareNumber } from '../routing/numbers.js'
import { parseUri } from '../sip-text/uri.js'

/** Whom a client asks for. */
export type Wanted =
  | ({ readonly kind: 'number' } & Dialled)
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
  const bare = bareNumber(text)
  if (bare === undefined || bare === '') return named('name', text)
  const dialled = dial(bare, country)
  // A trunk would make of it whatever it likes, and no list of numbers would find it.
  return isDiallable(dialled.number) ? { kind: 'number', ...dialled } : undefined
}

function named(kind: 'user' | 'group' | 'name', name: string): Wanted | undefined {
  return NAME.test(name) && name.length <= LONGEST_NAME ? { kind, name } : undefined
}
