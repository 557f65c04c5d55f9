import { parseNameAddrList, type NameAddr } from '../sip-text/name-addr.js'
import { paramValue } from '../sip-text/params.js'
import { parseUri, type SipUri } from '../sip-text/uri.js'
import { isPushParam, readPushParams, type PushRequest } from './push-params.js'

/** One address of a REGISTER's Contact list. */
export interface RequestedContact {
  readonly uri: SipUri
  /** The URI to dial: without what a Request-URI may not have (RFC 3261 §19.1.1). */
  readonly dial: string
  /** For the 2xx that lists it: as it came, without `expires`. */
  readonly header: string
  /** Seconds of the `expires` parameter; undefined where it has none or no number (RFC 3261 §10.2.1.1). */
  readonly expires: number | undefined
  readonly q: number
  readonly instance: string | null
  /** RFC 5626 §4.2; null without an instance, which it means nothing without (§6). */
  readonly regId: number | null
  readonly push: PushRequest
}

/** `*` is every binding of the user (RFC 3261 §10.2.2). */
export type ContactList = readonly RequestedContact[] | '*'

const LONGEST_INSTANCE = 512

/** Why something cannot be read, in words for the reason phrase. */
export interface Malformed {
  readonly malformed: string
}

/** Reads the values of all Contact headers. */
export function readContacts(values: readonly string[]): ContactList | Malformed {
  const trimmed = values.map((value) => value.trim()).filter((value) => value !== '')
  if (trimmed.includes('*')) return trimmed.length === 1 ? '*' : { malformed: 'Contact * beside others' }
  const contacts: RequestedContact[] = []
  for (const value of trimmed) {
    const list = parseNameAddrList(value)
    if (!list) return { malformed: 'Malformed Contact' }
    for (const address of list) {
      const contact = readContact(address)
      if ('malformed' in contact) return contact
      contacts.push(contact)
    }
  }
  return contacts
}

function readContact(address: NameAddr): RequestedContact | Malformed {
  const uri = parseUri(address.uri)
  if (!uri) return { malformed: 'Malformed Contact URI' }
  if (uri.kind !== 'sip') return { malformed: 'Contact is no SIP URI' }
  if (address.params.some((param) => isPushParam(param.name))) {
    // Outside the brackets they would be lost in silence, and the phone would never be woken.
    return { malformed: 'pn-* parameters outside the Contact URI' }
  }
  const instance = readInstance(paramValue(address.params, '+sip.instance'))
  if (instance !== null && instance.length > LONGEST_INSTANCE) return { malformed: 'Malformed +sip.instance' }
  return {
    uri,
    dial: dialUri(address.uri, uri),
    header: contactHeader(address),
    expires: readDelta(paramValue(address.params, 'expires')),
    q: readQ(paramValue(address.params, 'q')),
    instance,
    regId: instance === null ? null : readRegId(paramValue(address.params, 'reg-id')),
    push: readPushParams(uri),
  }
}

/** Seconds of a delta-seconds value; undefined where it is none. */
export function readDelta(text: string | null | undefined): number | undefined {
  return text && /^[0-9]+$/.test(text) ? Number(text) : undefined
}

function readQ(text: string | null | undefined): number {
  return text && /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 1
}

/** RFC 5626 §4.1: a URN in angle brackets; UUIDs are compared without case (RFC 4122 §3). */
function readInstance(text: string | null | undefined): string | null {
  const bare = text?.replace(/^<(.*)>$/s, '$1').trim()
  if (!bare) return null
  return /^urn:uuid:/i.test(bare) ? bare.toLowerCase() : bare
}

function readRegId(text: string | null | undefined): number | null {
  const id = readDelta(text)
  return id !== undefined && id >= 1 && id < 2 ** 31 ? id : null
}

function contactHeader({ display, uri, params }: NameAddr): string {
  const name = display === undefined ? '' : `"${display.replace(/["\\]/g, '\\$&')}" `
  const kept = params.filter((param) => param.name !== 'expires').map((param) => `;${param.text}`)
  return `${name}<${uri}>${kept.join('')}`
}

function dialUri(text: string, uri: SipUri): string {
  const address = text.indexOf('@') + 1
  const question = uri.headers === '' ? -1 : text.indexOf('?', address)
  const bare = question < 0 ? text : text.slice(0, question)
  if (!uri.params.some((param) => param.name === 'method')) return bare
  return bare.slice(0, address) + bare.slice(address).replace(/;method(?:=[^;]*)?(?=;|$)/gi, '')
}
