import type { SipRequest, SipResponse } from './message.js'
import { contactUri, cseqOf, topVia } from './message.js'
import { parseNameAddr } from './name-addr.js'
import type { Defect } from './parse.js'
import { isUsableUri, parseUri, schemeOf } from './uri.js'
import { parseNumber } from './values.js'

/** Header fields that a request carries once and only once (RFC 3261 §8.1.1, §20). */
const ONCE = ['from', 'to', 'call-id', 'cseq'] as const

/** Requests whose Contact names the sender's remote target, so it must be readable. */
const WITH_CONTACT = new Set(['INVITE', 'SUBSCRIBE', 'REGISTER', 'NOTIFY', 'REFER', 'UPDATE'])

/** The first reason why a request cannot be served, or undefined. Checks only what this layer relies on. */
export function requestDefect(request: SipRequest): Defect | undefined {
  return (
    headerDefect(request) ??
    numberDefect(request) ??
    uriDefect(request) ??
    contactDefect(request) ??
    undefined
  )
}

/** Whether a response can be matched to anything. A response is never answered, so a bad one is dropped. */
export function isUsableResponse(response: SipResponse): boolean {
  return (
    topVia(response) !== undefined &&
    cseqOf(response) !== undefined &&
    ONCE.every((name) => response.headers.count(name) === 1) &&
    parsedAddress(response, 'from') &&
    parsedAddress(response, 'to')
  )
}

function headerDefect(request: SipRequest): Defect | undefined {
  if (!topVia(request)) return bad('Missing or Malformed Via')
  for (const name of ONCE) {
    const count = request.headers.count(name)
    if (count === 0) return bad(`Missing ${name} Header`)
    if (count > 1) return bad(`Repeated ${name} Header`)
  }
  if (!parsedAddress(request, 'from') || !parsedAddress(request, 'to')) return bad('Malformed From or To')
  if (request.headers.get('call-id') === '') return bad('Empty Call-ID')
  return undefined
}

function parsedAddress(message: SipRequest | SipResponse, name: 'from' | 'to'): boolean {
  return message.headers.parsed(name, parseNameAddr) !== undefined
}

function numberDefect(request: SipRequest): Defect | undefined {
  const cseq = cseqOf(request)
  if (!cseq) return bad('Malformed CSeq')
  if (cseq.method !== request.method) return bad('CSeq Method Mismatch')
  if (request.headers.count('max-forwards') > 1) return bad('Repeated Max-Forwards')
  const hop = request.headers.get('max-forwards')
  if (hop !== undefined && parseNumber(hop, 255) === undefined) return bad('Malformed Max-Forwards')
  return undefined
}

function uriDefect(request: SipRequest): Defect | undefined {
  const scheme = schemeOf(request.uri)
  if (scheme === 'sip' || scheme === 'sips') {
    const uri = parseUri(request.uri)
    // Header fields have no place in a Request-URI (RFC 3261 §19.1.1, table 1).
    return uri && uri.headers === undefined ? undefined : bad('Malformed Request-URI')
  }
  if (scheme === 'tel') return isUsableUri(request.uri) ? undefined : bad('Malformed Request-URI')
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) return bad('Malformed Request-URI')
  return { status: 416, reason: 'Unsupported URI Scheme' }
}

function contactDefect(request: SipRequest): Defect | undefined {
  if (!WITH_CONTACT.has(request.method)) return undefined
  if (hasOneUsableContact(request)) return undefined
  const contacts = request.headers.list('contact')
  if (contacts.length === 0) return request.method === 'INVITE' ? bad('Missing Contact') : undefined
  if (request.method === 'REGISTER' && contacts.includes('*')) {
    // RFC 3261 §10.3 step 6.
    const expires = request.headers.get('expires')?.trim()
    return contacts.length === 1 && expires === '0' ? undefined : bad('Invalid Wildcard Contact')
  }
  const readable = contacts.every((contact) => {
    const address = parseNameAddr(contact)
    return address !== undefined && isUsableUri(address.uri)
  })
  return readable ? undefined : bad('Malformed Contact')
}

/** By far the most have one; what is read of it then is kept for those who need it. */
function hasOneUsableContact(request: SipRequest): boolean {
  const contact = request.headers.get('contact')
  if (contact === undefined || contact.includes(',') || request.headers.count('contact') > 1) return false
  return contactUri(request) !== undefined
}

function bad(reason: string): Defect {
  return { status: 400, reason }
}
