import type { CountryCode } from 'libphonenumber-js'
import { canonical } from '../routing/dialled.js'
import { bareNumber, plainNumber } from '../routing/numbers.js'

/** Whom a caller may show itself as. */
export interface ShownAs {
  /** Numbers that it may show, the first by itself. */
  readonly numbers: readonly string[]
  /** A number that is asked for, or `anonymous`. */
  readonly asked: string | undefined
  readonly country: CountryCode | undefined
}

/**
 * `asserted`: the number that a trunk which trusts us is told; `withheld`: the callee is not to see it. Undefined where
 * what is asked for may not be shown.
 */
export function callerIdOf({
  numbers,
  asked,
  country,
}: ShownAs): { readonly asserted: string | null; readonly withheld: boolean } | undefined {
  const [first = null] = numbers
  if (asked === undefined) return { asserted: first, withheld: false }
  if (isAnonymous(asked)) return { asserted: first, withheld: true }
  const plain = plainOf(asked, country)
  const allowed = numbers.find((number) => plain !== undefined && plainOf(number, country) === plain)
  return allowed === undefined ? undefined : { asserted: allowed, withheld: false }
}

export function isAnonymous(name: string): boolean {
  return name.toLowerCase() === 'anonymous'
}

function plainOf(number: string, country: CountryCode | undefined): string | undefined {
  const bare = bareNumber(number)
  return bare === undefined ? undefined : plainNumber(canonical(bare, country))
}
