import { parseNameAddr } from '../sip-text/name-addr.js'
import { parseUri } from '../sip-text/uri.js'
import { readContacts, readDelta, type ContactList, type Malformed } from './contact.js'
import type { Flow } from '../ports/store.js'
import type { SipRequest } from '../ports/signaling.js'

/** What a REGISTER says, read once. */
export interface RegisterRequest {
  /** User part of the address-of-record in To, escapes undone (RFC 3261 §10.3 step 5); undefined where it has none. */
  readonly user: string | undefined
  /** In lower case. */
  readonly domain: string
  readonly contacts: ContactList
  /** Seconds of the Expires header. */
  readonly expires: number | undefined
  readonly callId: string
  readonly cseq: number
  readonly source: Flow
  readonly gateway: string
  readonly userAgent: string | null
  /** The user agent speaks RFC 5626, and nobody stands between it and us. */
  readonly outbound: boolean
  /** A proxy on the way already takes care of push (RFC 8599 §5.6.1.1). */
  readonly pushTakenCareOf: boolean
}

const LONGEST_CALL_ID = 512
const LONGEST_USER_AGENT = 256

export function readRegister(request: SipRequest): RegisterRequest | Malformed {
  const to = parseNameAddr(request.header('To') ?? '')
  const aor = to && parseUri(to.uri)
  if (aor?.kind !== 'sip') return { malformed: 'Malformed To' }
  const cseq = /^([0-9]{1,10})[ \t]+REGISTER$/.exec(request.header('CSeq')?.trim() ?? '')
  if (!cseq || Number(cseq[1]) >= 2 ** 31) return { malformed: 'Malformed CSeq' }
  if (!/^[\x21-\x7e]+$/.test(request.callId) || request.callId.length > LONGEST_CALL_ID)
    return { malformed: 'Malformed Call-ID' }
  const contacts = readContacts(request.headers('Contact'))
  if (contacts !== '*' && 'malformed' in contacts) return contacts
  return {
    user: aor.user,
    domain: aor.host,
    contacts,
    expires: readDelta(request.header('Expires')?.trim()),
    callId: request.callId,
    cseq: Number(cseq[1]),
    source: request.source,
    gateway: request.gateway,
    userAgent: readUserAgent(request.header('User-Agent')),
    outbound: hasToken(request.headers('Supported'), 'outbound') && request.headers('Via').length <= 1,
    pushTakenCareOf: request.headers('Feature-Caps').some((value) => /;\s*\+sip\.pns\s*=/i.test(value)),
  }
}

/** Option tags of a Require header that we do not know (RFC 3261 §8.2.2.3). */
export function unsupportedTags(request: Pick<SipRequest, 'headers'>): readonly string[] {
  return optionTags(request.headers('Require')).filter((tag) => tag !== 'outbound')
}

function hasToken(values: readonly string[], token: string): boolean {
  return optionTags(values).includes(token)
}

function optionTags(values: readonly string[]): readonly string[] {
  const tags = values.flatMap((value) => value.split(',')).map((tag) => tag.trim().toLowerCase())
  return tags.filter((tag) => /^[a-z0-9.!%*_+`'~-]+$/.test(tag))
}

function readUserAgent(text: string | undefined): string | null {
  // eslint-disable-next-line no-control-regex
  const clean = text?.replace(/[\x00-\x1f\x7f]/g, '').trim()
  return clean ? clean.slice(0, LONGEST_USER_AGENT) : null
}
