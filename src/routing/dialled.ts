import { type CountryCode, Metadata, parsePhoneNumberFromString } from 'libphonenumber-js'
import { bareNumber, matchesPattern } from './numbers.js'

/** A number that somebody dials. */
export interface Dialled {
  /** E.164 where that is known, and else as it was dialled. */
  readonly number: string
  /** As it was dialled. */
  readonly dialled: string
  /** E.164 of whatever else a trunk might make of it: for those who keep numbers from being called. */
  readonly perhaps: readonly string[]
}

/** What is written without a country and is shorter is local: an extension, an emergency number. */
const SHORTEST = 7
/** More digits than these libphonenumber reads as no number, where an exchange takes the first of them. */
const READ = 17

/** @param country in which numbers without one are read */
export function dial(bare: string, country: CountryCode | undefined): Dialled {
  return { number: canonical(bare, country), dialled: bare, perhaps: readings(bare, country) }
}

/**
 * E.164 of a number that is written with `+` or 00, or is dialled in the country and one that the world knows. What is
 * left is local: an extension, a service of the trunk.
 */
export function canonical(bare: string, country: CountryCode | undefined): string {
  if (bare.startsWith('+')) return bare
  // In some countries calls abroad begin with 00 and more.
  const parsed = country === undefined ? undefined : parsePhoneNumberFromString(bare, country)
  if (parsed?.isValid() === true) return parsed.number
  return bare.startsWith('00') ? `+${bare.slice(2)}` : bare
}

/** Whether E.164 has it: no country begins with 0, and 15 digits are the most (§6). Local numbers are not its matter. */
export function isDiallable(number: string): boolean {
  return !number.startsWith('+') || /^\+[1-9][0-9]{0,14}$/.test(number)
}

/** Whether a number begins so, however it is written: what is to be kept from being called is found in every form. */
export function begins(pattern: string, { number, dialled, perhaps }: Dialled): boolean {
  if (hasCountry(pattern) && !hasCountry(number) && dialled.length < SHORTEST) return false
  return [number, dialled, ...perhaps].some((form) => matchesPattern(pattern, form))
}

/** {@link begins} for what may be no number at all, such as the user part of a URI. */
export function isBlocked(
  patterns: readonly string[],
  country: CountryCode | undefined,
  text: string,
): boolean {
  const [plain = ''] = text.split(';')
  // A gateway may well leave out what separates the digits, whatever it is.
  const bare = bareNumber(/[a-z]/i.test(plain) ? plain : plain.replace(/(?!^\+)[^0-9*#]/g, ''))
  if (bare === undefined || bare === '') return false
  const wanted = dial(bare, country)
  return patterns.some((pattern) => begins(pattern, wanted))
}

function hasCountry(text: string): boolean {
  return /^(?:\+|00)/.test(text)
}

function readings(bare: string, country: CountryCode | undefined): readonly string[] {
  const [, abroad] = /^(?:\+|00)(.*)$/.exec(bare) ?? []
  const local = bare.startsWith('+') || bare.length < SHORTEST || country === undefined ? undefined : country
  const within = local && parsePhoneNumberFromString(bare.slice(0, READ), local)?.number
  const beyond = local && afterExit(bare, local)
  const forms = [abroad, within?.slice(1), beyond].flatMap((digits) => withoutZeros(digits ?? ''))
  return [...new Set(forms)]
}

/** What follows the prefix that leads out of the country, such as 011. */
function afterExit(bare: string, country: CountryCode): string | undefined {
  const metadata = new Metadata()
  metadata.selectNumberingPlan(country)
  const exit = metadata.numberingPlan?.IDDPrefix() ?? ''
  return exit === '' ? undefined : new RegExp(`^(?:${exit})(?<rest>.*)$`).exec(bare)?.groups?.rest
}

/** With and without the zeros (and the like) that only those dial who call from within: `+44 0 900` is `+44 900`. */
function withoutZeros(digits: string): readonly string[] {
  const forms: string[] = []
  let form: string | undefined = `+${digits.replace(/^0+/, '').slice(0, READ)}`
  while (form !== undefined && form !== '+' && !forms.includes(form)) {
    forms.push(form)
    form = parsePhoneNumberFromString(form)?.number
  }
  return forms
}
