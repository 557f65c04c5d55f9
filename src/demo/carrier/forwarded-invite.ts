import type { HeaderFields } from '../sip/build.js'
import type { Condition } from './dial-code.js'

/** Who calls: a number in full, with + and country; null where it is withheld. */
export interface Party {
  readonly number: string | null
  readonly name?: string
}

/** How a network tells who was called first; many tell nothing. */
export type DivertingStyle = 'diversion' | 'history-info' | 'neither'

/** How a network writes callers' numbers: +12025550100, 12025550100, 2025550100 (of the country), 0012025550100, or tel:. */
export type NumberStyle = 'international' | 'no-plus' | 'national' | 'double-zero' | 'tel'

export interface Forwarded {
  readonly from: Party
  /** Numbers in full. */
  readonly subscriber: string
  readonly did: string
  readonly because: Condition
}

export interface Styles {
  readonly domain: string
  readonly diverting: DivertingStyle
  readonly numbers: NumberStyle
  /** Of the network's country, which national numbers leave out. */
  readonly countryCode: string
}

/** SIP's word, and Diversion's (RFC 4458 §4, RFC 5806 §4). */
const WORDS: Readonly<Record<Condition, { readonly cause: number; readonly reason: string }>> = {
  busy: { cause: 486, reason: 'user-busy' },
  'no-reply': { cause: 408, reason: 'no-answer' },
  'not-reachable': { cause: 503, reason: 'unavailable' },
}

/** From of a forwarded INVITE: the caller, as this network writes it. */
export function fromOf({ number, name }: Party, styles: Styles): string {
  // RFC 3323 §4.1.1.3.
  if (number === null) return '"Anonymous" <sip:anonymous@anonymous.invalid>'
  const display = name === undefined ? '' : `"${name}" `
  return `${display}<${uriOf(number, styles)}>`
}

/** What a forwarded INVITE says beside From: privacy, and who was called first. */
export function divertingHeaders(forwarded: Forwarded, styles: Styles): HeaderFields {
  const { from } = forwarded
  const privacy = from.number === null ? { Privacy: 'id' } : {}
  switch (styles.diverting) {
    case 'diversion':
      return { ...privacy, Diversion: diversionOf(forwarded, styles) }
    case 'history-info':
      return { ...privacy, 'History-Info': historyOf(forwarded, styles) }
    case 'neither':
      return privacy
  }
}

/** RFC 5806. */
function diversionOf({ subscriber, because }: Forwarded, { domain }: Styles): string {
  return `<sip:${subscriber}@${domain};user=phone>;reason=${WORDS[because].reason};counter=1;privacy=off`
}

/** RFC 7044: whom it was for and why it left there, and where it went instead, and why (RFC 4458's cause). */
function historyOf({ subscriber, did, because }: Forwarded, { domain }: Styles): readonly string[] {
  const { cause } = WORDS[because]
  return [
    `<sip:${subscriber}@${domain};user=phone?Reason=SIP%3Bcause%3D${cause}>;index=1`,
    `<sip:${did}@${domain};user=phone;cause=${cause}>;index=1.1;mp=1`,
  ]
}

function uriOf(number: string, { domain, numbers, countryCode }: Styles): string {
  const digits = number.slice(1)
  switch (numbers) {
    case 'international':
      return `sip:${number}@${domain};user=phone`
    case 'no-plus':
      return `sip:${digits}@${domain}`
    case 'double-zero':
      return `sip:00${digits}@${domain}`
    case 'national':
      return `sip:${digits.startsWith(countryCode) ? digits.slice(countryCode.length) : `00${digits}`}@${domain}`
    case 'tel':
      return `tel:${number}`
  }
}
