import { isIP } from 'node:net'
import { z } from 'zod'
import { parseDuration } from '../duration.js'
import type { DurationUnit } from '../duration.js'
import { canonicalNetwork } from '../network.js'

/** What editors are told of a leaf, as JSON Schema. */
type JsonSchema = Readonly<Record<string, unknown>>

/** Besides what a leaf takes, a file may hold a variable in its place. */
const VARIABLE = '\\$\\{'

interface LeafOptions {
  /** Ends the sentence "expected …". */
  readonly expected: string
  readonly json: JsonSchema
  /** No error repeats what was written. */
  readonly secret?: boolean
}

/** What an issue of a leaf carries for the report. */
export interface LeafIssue {
  readonly got?: unknown
}

/** A value that is written as one text. `read` gives undefined where the text is not fit. */
export function leaf<T>(
  read: (text: string) => T | undefined,
  { expected, json, secret = false }: LeafOptions,
): z.ZodType<T> {
  return z
    .unknown()
    .transform((value, context): T => {
      const fail = (message: string, params: LeafIssue = {}) => {
        context.addIssue({ code: 'custom', message, params: { ...params } })
        return z.NEVER
      }
      if (value === undefined) return fail(`is required: ${expected}`)
      const text = textOf(value)
      const result = text === undefined ? undefined : read(text)
      return result ?? fail(`expected ${expected}`, secret && text !== undefined ? {} : { got: value })
    })
    .meta({ ...json })
}

/** The schema's own defaults may be numbers and flags; what a file holds is text. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? value : undefined
}

const TEXT: JsonSchema = { type: ['string', 'number', 'boolean'] }

export function text(expected = 'text'): z.ZodType<string> {
  return leaf((value) => (value === '' ? undefined : value), { expected, json: TEXT })
}

export function secret(expected = 'text that is not empty'): z.ZodType<string> {
  return leaf((value) => (value === '' ? undefined : value), { expected, json: TEXT, secret: true })
}

/** Text of a pattern, which must be the same for JavaScript and JSON Schema. */
export function matching(pattern: RegExp, expected: string): z.ZodType<string> {
  const json = { ...TEXT, pattern: `${pattern.source}|${VARIABLE}` }
  return leaf((value) => (pattern.test(value) ? value : undefined), { expected, json })
}

export function oneOf<const T extends string>(...values: readonly T[]): z.ZodType<T> {
  return leaf((value) => values.find((each) => each === value), {
    expected: `one of ${values.join(', ')}`,
    json: { anyOf: [{ enum: values }, { type: 'string', pattern: VARIABLE }] },
  })
}

export function flag(): z.ZodType<boolean> {
  return leaf((value) => (value === 'true' ? true : value === 'false' ? false : undefined), {
    expected: 'true or false',
    json: { type: ['boolean', 'string'], pattern: `^(true|false)$|${VARIABLE}` },
  })
}

export function whole(minimum: number, maximum: number): z.ZodType<number> {
  const read = (value: string) => {
    const number = Number(value)
    return /^\d+$/.test(value) && number >= minimum && number <= maximum ? number : undefined
  }
  return leaf(read, {
    expected: `a whole number from ${String(minimum)} to ${String(maximum)}`,
    json: { type: ['integer', 'string'], minimum, maximum, pattern: `^\\d+$|${VARIABLE}` },
  })
}

/** 0 stands for a free port, chosen by the system. */
export function port(): z.ZodType<number> {
  return whole(0, 65_535)
}

const UNIT_NAMES: Record<DurationUnit, string> = {
  ms: 'milliseconds',
  s: 'seconds',
  m: 'minutes',
  h: 'hours',
  d: 'days',
}

/** In the configuration: milliseconds. A plain number in the file counts `unit`s. */
export function duration(unit: DurationUnit, minimum: string, maximum: string): z.ZodType<number> {
  const limit = (value: string) => parseDuration(value, unit) ?? NaN
  const read = (value: string) => {
    const ms = parseDuration(value, unit)
    return ms !== undefined && ms >= limit(minimum) && ms <= limit(maximum) ? ms : undefined
  }
  return leaf(read, {
    expected: `a duration from ${minimum} to ${maximum}, such as ${maximum} or a number of ${UNIT_NAMES[unit]}`,
    json: { type: ['string', 'number'], pattern: `^\\d+(\\.\\d+)?\\s*(ms|s|m|h|d)?$|${VARIABLE}` },
  })
}

export function host(): z.ZodType<string> {
  const isName = (value: string) =>
    value.length <= 253 && /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(value)
  return leaf((value) => (isIP(value) !== 0 || isName(value) ? value : undefined), {
    expected: 'a host name or an IP address',
    json: { type: 'string' },
  })
}

/** An address that a socket can be bound to. */
export function address(): z.ZodType<string> {
  return leaf((value) => (isIP(value) !== 0 ? value : undefined), {
    expected: 'an IP address',
    json: { type: 'string' },
  })
}

export function network(): z.ZodType<string> {
  return leaf((value) => (canonicalNetwork(value) === undefined ? undefined : value), {
    expected: 'an IP address or a network such as 203.0.113.0/24',
    json: { type: 'string' },
  })
}

/** Both ends included. */
export interface PortRange {
  readonly from: number
  readonly to: number
}

export function portRange(): z.ZodType<PortRange> {
  return leaf(parsePortRange, {
    expected:
      'a range of ports within 1024-65535, at least an even one and the odd one after it, such as 20000-20999',
    json: { type: 'string', pattern: `^\\d+-\\d+$|${VARIABLE}` },
  })
}

export function parsePortRange(value: string): PortRange | undefined {
  const [, from = 0, to = 0] = (/^(\d{1,5})\s*-\s*(\d{1,5})$/.exec(value) ?? []).map(Number)
  const firstEven = from + (from % 2)
  return from >= 1024 && to <= 65_535 && firstEven + 1 <= to ? { from, to } : undefined
}

/** The scheme is to be one of `schemes`; braces may hold places that are filled in later. */
export function url(...schemes: readonly string[]): z.ZodType<string> {
  const fits = (value: string) =>
    URL.canParse(value.replace(/[{}]/g, '_')) &&
    schemes.includes(value.slice(0, value.indexOf(':')).toLowerCase())
  return leaf((value) => (fits(value) ? value : undefined), {
    expected: `a URL that begins with ${schemes.map((scheme) => `${scheme}:`).join(' or ')}`,
    json: { type: 'string' },
    // It may well hold a password or a token.
    secret: true,
  })
}

/** An http or https URL that paths are appended to: in the configuration it has no slash at its end. */
export function baseUrl(): z.ZodType<string> {
  const read = (value: string) => {
    const bare = value.replace(/\/+$/, '')
    return /^https?:\/\/[^\s?#@]+$/i.test(bare) && URL.canParse(bare) ? bare : undefined
  }
  return leaf(read, {
    expected: 'a URL such as https://calls.example.com, without user, query and fragment',
    json: { type: 'string' },
    // Whoever writes a password into it shall not find it in a log.
    secret: true,
  })
}

export function sipUri(): z.ZodType<string> {
  return matching(/^[sS][iI][pP][sS]?:([^\s<>"@]+@)?[^\s<>"@]+$/, 'a SIP URI such as sip:10.0.0.1:5060')
}

/** Digits, `*` and `#`, or `+` and digits; what separates them for the eye is taken out. */
export function phoneNumber(): z.ZodType<string> {
  return leaf(bareNumber, {
    expected: 'a number such as "+15550100" or "7000"',
    json: { type: ['string', 'integer'] },
  })
}

/** A number, or the beginning of one and `*`. */
export function numberPattern(): z.ZodType<string> {
  const read = (value: string) => {
    const start = value.endsWith('*') ? value.slice(0, -1) : value
    const bare = start === '' && value === '*' ? '' : start === '+' ? start : bareNumber(start)
    return bare === undefined ? undefined : bare + value.slice(start.length)
  }
  return leaf(read, {
    expected: 'a number such as "+15550100", or the beginning of one and a star, such as "+1555*"',
    json: { type: ['string', 'integer'] },
  })
}

function bareNumber(value: string): string | undefined {
  const bare = value.replace(/[().\s-]/g, '')
  return /^(?:\+[0-9]+|[0-9*#]+)$/.test(bare) ? bare : undefined
}

/** Fit to listen on, and for nobody to be told: those who hear of it need another one. */
export const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])
