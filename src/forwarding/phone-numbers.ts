import {
  type CountryCode,
  getCountries,
  getCountryCallingCode,
  parsePhoneNumberFromString,
} from 'libphonenumber-js'

/**
 * What a number may mean, as digits that begin with the country's code: written with `+`, with 00, with another way out
 * of `country`, within the country, or as those digits. Some digits mean a number at home and another one abroad. What
 * is no number that the world knows, a test or an extension, stays what it is.
 */
export function numberForms(text: string, country: CountryCode): readonly [string, ...string[]] {
  const bare = text.replace(/[().\s/-]/g, '')
  if (bare.startsWith('+')) return [bare.slice(1)]
  const national = parsePhoneNumberFromString(bare, country)
  const abroad = parsePhoneNumberFromString(`+${bare.replace(/^00/, '')}`)
  const valid = [national, abroad].filter((number) => number?.isValid() === true)
  const [first, ...others] = new Set(valid.flatMap((number) => number?.number.slice(1) ?? []))
  if (first !== undefined) return [first, ...others]
  if (bare.startsWith('00')) return [bare.slice(2)]
  return [national?.isPossible() === true ? national.number.slice(1) : bare]
}

/** Whether two ways to write a number can mean one number; one without a country may be one of `country`. */
export type SameNumber = (a: string, b: string, country: CountryCode) => boolean

/** For one INVITE, whose numbers are compared with those of many subscribers: each is read once a country. */
export function numberComparison(): SameNumber {
  const known = new Map<string, readonly string[]>()
  const formsOf = (text: string, country: CountryCode): readonly string[] => {
    const key = text.startsWith('+') ? text : `${country} ${text}`
    const forms = known.get(key) ?? numberForms(text, country)
    known.set(key, forms)
    return forms
  }
  return (a, b, country) => {
    const others = formsOf(b, country)
    return formsOf(a, country).some((form) => others.includes(form))
  }
}

/** In which numbers are read that stand beside this one (E.164) and name no country. */
export function countryOf(number: string): CountryCode {
  const parsed = parsePhoneNumberFromString(number)
  if (parsed?.country !== undefined) return parsed.country
  // Several countries share a calling code and write their numbers alike.
  const alike = getCountries().find((each) => getCountryCallingCode(each) === parsed?.countryCallingCode)
  return alike ?? 'US'
}

/** As it is dialled within its own country where that is `country`; otherwise with + and country. */
export function nationalNumber(number: string, country: CountryCode): string {
  const parsed = parsePhoneNumberFromString(number)
  if (parsed === undefined || parsed.countryCallingCode !== getCountryCallingCode(country)) return number
  return parsed.formatNational().replace(/[^0-9]/g, '')
}

/** As it is shown to others: E.164 where it is a number that the world knows, and else without the marks between digits. */
export function shownNumber(text: string, country: CountryCode): string {
  const bare = text.replace(/[().\s/-]/g, '')
  const parsed = parsePhoneNumberFromString(bare, country)
  return parsed?.isValid() === true ? parsed.number : bare
}
