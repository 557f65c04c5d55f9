import type { Final, Headers, SipRequest } from '../../ports/signaling.js'
import { parseParams } from '../../sip-text/params.js'
import { splitOutside } from '../../sip-text/scan.js'
import { parseNameAddr } from '../../sip-text/name-addr.js'
import { parseUri } from '../../sip-text/uri.js'
import type { SubscriptionLimits } from './limits.js'
import { ALLOW_EVENTS, type Package, packageOf } from './packages.js'

/** What a SUBSCRIBE asks for. */
export interface Asked {
  /** Event as it stood: each NOTIFY repeats it (RFC 6665 §4.2.2). */
  readonly event: string
  readonly package: Package
  /** User part of the Request-URI: a name or a number. */
  readonly called: string
  /** Whom it asks about, as it was written. */
  readonly entity: string
  /** Seconds; 0: the state once. */
  readonly expires: number
}

export interface Unfit {
  readonly final: Final
  readonly why: string
}

/** What is asked for, or why that cannot be had whoever asks. */
export function readSubscribe(request: SipRequest, limits: SubscriptionLimits): Asked | Unfit {
  const to = parseNameAddr(request.header('to') ?? '')
  // A refresh of what there is no more (RFC 6665 §4.1.2.2: the phone then subscribes anew).
  if (to?.params.some(({ name }) => name === 'tag') === true)
    return unfit(481, 'there is no such subscription')
  const event = request.header('event') ?? ''
  const segments = splitOutside(event, ';') ?? []
  const name = segments[0]?.trim().toLowerCase() ?? ''
  const found = packageOf(name)
  if (found === undefined || parseParams(segments.slice(1)) === undefined) {
    return unfit(489, `event ${JSON.stringify(event)}`, [['Allow-Events', ALLOW_EVENTS]])
  }
  const required = request.headers('require')
  if (required.length > 0) {
    return unfit(420, `requires ${required.join(', ')}`, [['Unsupported', required.join(', ')]])
  }
  const called = calledOf(request.uri)
  // The dialog is between the two: drachtio-srf needs both as SIP URIs.
  if (called === undefined || calledOf(to?.uri ?? '') === undefined) {
    return unfit(404, `the Request-URI ${request.uri} or the To names nobody`)
  }
  if (request.headers('contact').length !== 1) return unfit(400, 'not one Contact')
  if (!accepts(request.headers('accept'), found.contentType)) {
    return unfit(406, `accepts no ${found.contentType}`, [['Accept', found.contentType]])
  }
  const expires = expiresOf(request, limits)
  if (typeof expires !== 'number') return expires
  return { event, package: found, called, entity: request.uri, expires }
}

/** Seconds that are granted, also to a SUBSCRIBE within the dialog. */
export function expiresOf(request: SipRequest, limits: SubscriptionLimits): number | Unfit {
  const text = request.header('expires')
  const asked = text === undefined ? limits.maxExpires : Number(text.trim())
  if (!Number.isInteger(asked) || asked < 0) return unfit(400, `Expires ${String(text)}`)
  if (asked === 0 || asked >= limits.minExpires) return Math.min(asked, limits.maxExpires)
  return unfit(423, `Expires ${String(asked)} is too short`, [['Min-Expires', String(limits.minExpires)]])
}

/** Without Accept the package's own type is meant (RFC 3856 §6.7, RFC 4235 §3.5). */
function accepts(accept: readonly string[], contentType: string): boolean {
  const types = accept.map((value) => value.split(';')[0]?.trim().toLowerCase())
  return (
    types.length === 0 ||
    types.some((type) => type === contentType || type === '*/*' || type === 'application/*')
  )
}

function calledOf(uri: string): string | undefined {
  const parsed = parseUri(uri)
  return parsed?.kind === 'sip' ? parsed.user?.split(';')[0] : undefined
}

function unfit(status: number, why: string, headers: Headers = []): Unfit {
  return { final: { status, headers }, why }
}
