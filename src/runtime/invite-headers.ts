import type { Headers, SipRequest } from '../ports/signaling.js'
import { privacyOf } from '../sip-text/privacy.js'
import { ALLOW } from './admission.js'
import { fromHeader, wantsPrivacy } from './caller-identity.js'
import { type Diverted, diversionHeaders } from './diversion.js'
import type { CallSettings } from './services.js'

export interface InviteContext {
  readonly callId: string
  readonly invite: SipRequest
  /** The INVITE came from within our trust domain (RFC 3325). */
  readonly trusted: boolean
  /** The number that we vouch for, where no asserted one came with the INVITE. */
  readonly asserted: string | null
  /** And this one goes there: a trusted trunk. A device is outside. */
  readonly staysTrusted: boolean
  readonly diverted: readonly Diverted[]
  /** The URI that is dialled, as it may be shown. */
  readonly target: string
  readonly settings: CallSettings
}

/** Headers that go through as they came: they are end to end (RFC 7433, RFC 8224, RFC 3323). */
const END_TO_END = ['User-to-User', 'Identity', 'Privacy'] as const

/** What an INVITE of ours carries of the caller's, by rule. Every other header of it stays behind. */
export function inviteHeaders(context: InviteContext): Headers {
  const { callId, invite, settings } = context
  return [
    ['X-Call-Id', callId],
    ['Max-Forwards', String(Math.max(0, Number(invite.header('max-forwards') ?? 70) - 1))],
    ['Allow', ALLOW],
    ['Supported', 'timer'],
    ['Session-Expires', String(settings.sessionExpires)],
    ['Min-SE', String(settings.minSe)],
    ['User-Agent', settings.userAgent],
    ...END_TO_END.flatMap((name) => invite.headers(name).map((value) => [name, value] as const)),
    ...assertedIdentity(context),
    ...diversionHeaders(
      invite,
      historyIsPrivate(invite) ? [] : context.diverted,
      context.target,
      context.trusted,
    ),
  ]
}

/** Passed on only where it was believed, and not to somebody who must not see it (RFC 3325 §5, §7). */
function assertedIdentity({ invite, trusted, asserted, staysTrusted, settings }: InviteContext): Headers {
  if (asserted !== null) {
    if (!staysTrusted) return []
    return [['P-Asserted-Identity', fromHeader({ user: asserted, name: null }, settings.domain)]]
  }
  if (!trusted || (wantsPrivacy(invite) && !staysTrusted)) return []
  return invite.headers('p-asserted-identity').map((value) => ['P-Asserted-Identity', value] as const)
}

/** RFC 7044 §10.1. */
function historyIsPrivate(invite: SipRequest): boolean {
  return privacyOf(invite.headers('privacy')).has('history')
}

/** What each 200 of ours to an INVITE carries, whoever sent it. */
export function answerHeaders(invite: SipRequest, settings: CallSettings): Headers {
  return [
    ...sessionTimerHeaders(invite, settings),
    ['Allow', ALLOW],
    ['Supported', 'timer'],
    ['User-Agent', settings.userAgent],
  ]
}

/** Session timer of our 200, which the SIP server then keeps (RFC 4028 §9). */
export function sessionTimerHeaders(invite: SipRequest, settings: CallSettings): Headers {
  const callerKeepsTime = invite.headers('supported').some((tag) => tag.toLowerCase() === 'timer')
  const offered = invite.header('session-expires')
  const seconds = Math.min(
    Number.parseInt(offered ?? '', 10) || settings.sessionExpires,
    settings.sessionExpires,
  )
  const asked = /;\s*refresher\s*=\s*(uac|uas)/i.exec(offered ?? '')?.[1]?.toLowerCase()
  const refresher = callerKeepsTime ? (asked ?? 'uac') : 'uas'
  const expires = ['Session-Expires', `${Math.max(seconds, settings.minSe)};refresher=${refresher}`] as const
  return callerKeepsTime && refresher === 'uac' ? [expires, ['Require', 'timer']] : [expires]
}
