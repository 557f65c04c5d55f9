import { sameSipUri } from '../sip-text/uri.js'
import { inSeconds, isTooBrief, type GrantedContact } from './expiry.js'
import { pushKey } from './push-params.js'
import { findProvider } from './push-providers.js'
import { refuse, type Refusal } from './refusal.js'
import type { RequestedContact } from './contact.js'
import type { DecisionContext } from './decision.js'
import type { RegisterRequest } from './request.js'

/** What can be refused without a look at the bindings. */
export function checkContacts(
  granted: readonly GrantedContact[],
  request: RegisterRequest,
  { bounds, pushProviders }: DecisionContext,
): Refusal | undefined {
  if (granted.length > bounds.maxBindings) return refuse(403, 'Too Many Contacts')
  if (hasTwins(granted.map(({ contact }) => contact))) return refuse(400, 'Contact Named Twice')
  if (!request.pushTakenCareOf && !isOneDevice(granted)) return refuse(400, 'Several Push Addresses')
  for (const { contact, seconds } of granted) {
    // What only leaves need not be understood: its push service may be configured no more.
    if (seconds === 0) continue
    const refusal = request.pushTakenCareOf ? undefined : checkPush(contact, pushProviders)
    if (refusal) return refusal
    if (isTooBrief(seconds, bounds)) {
      const headers = [['Min-Expires', String(inSeconds(bounds.minExpires))]] as const
      return refuse(423, 'Interval Too Brief', { headers })
    }
  }
  return undefined
}

function checkPush({ push }: RequestedContact, providers: ReadonlySet<string>): Refusal | undefined {
  switch (push.kind) {
    case 'none':
    case 'query-all':
      return undefined
    case 'malformed':
      return refuse(400, push.why)
    case 'query':
      return checkProvider(push.provider, providers)
    case 'target':
      return checkProvider(push.target.provider, providers)
    default:
      return push satisfies never
  }
}

/** RFC 8599 §8.1. */
function checkProvider(provider: string, providers: ReadonlySet<string>): Refusal | undefined {
  if (findProvider(provider, providers) !== undefined) return undefined
  const why = `push service ${JSON.stringify(provider)} is not configured`
  return refuse(555, 'Push Notification Service Not Supported', { why })
}

/** A user agent registers its own push address (RFC 8599 §4.1), so a request speaks for one device at most. */
function isOneDevice(granted: readonly GrantedContact[]): boolean {
  const identities = granted.flatMap(({ contact: { push, instance }, seconds }) =>
    seconds > 0 && push.kind === 'target' ? [JSON.stringify([pushKey(push.target), instance])] : [],
  )
  return new Set(identities).size <= 1
}

function hasTwins(contacts: readonly RequestedContact[]): boolean {
  return contacts.some((contact, at) => contacts.slice(at + 1).some((other) => areTwins(contact, other)))
}

/** A flow is named by instance and reg-id (RFC 5626 §6), any other contact by its URI. */
function areTwins(a: RequestedContact, b: RequestedContact): boolean {
  if (a.instance !== b.instance || a.regId !== b.regId) return false
  return a.regId !== null || sameSipUri(a.uri, b.uri)
}
