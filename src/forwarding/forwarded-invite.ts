import type { SipRequest } from '../ports/signaling.js'
import { divertersIn } from './history-info.js'
import { numberIn } from './number-in.js'

/** What an INVITE says of where it comes from. Numbers as they are written in it. */
export interface ForwardedInvite {
  /** The number or name in the Request-URI. */
  readonly called: string
  /** Null where it is withheld, or no number. */
  readonly caller: string | null
  /** Who forwarded it, the newest first. */
  readonly diverting: readonly string[]
  /** It is an INVITE of ours that came back: it carries the id of a call that lives here. */
  readonly ours: boolean
}

/** How the headers of a trunk are to be read. */
export interface TrunkRules {
  /** Inside our trust domain (RFC 3325): only then is it believed who diverted a call, and asserted identities. */
  readonly trusted: boolean
  readonly asserts: 'caller' | 'diverting'
}

/** @param ours whether a call lives here under this id: an X-Call-Id or the Call-ID of an INVITE of ours */
export function forwardedInvite(
  invite: Pick<SipRequest, 'callId' | 'header' | 'headers'>,
  called: string,
  trunk: TrunkRules,
  ours: (id: string) => boolean,
): ForwardedInvite {
  const asserted = trunk.trusted ? firstNumber(invite.headers('p-asserted-identity')) : undefined
  const from = firstNumber(invite.headers('from'))
  const caller = trunk.asserts === 'caller' ? (asserted ?? from) : from
  const ids = [invite.callId, ...invite.headers('x-call-id')]
  return {
    called,
    caller: isWithheld(invite) ? null : (caller ?? null),
    diverting: trunk.trusted ? diverters(invite, trunk.asserts === 'diverting' ? asserted : undefined) : [],
    ours: ids.some(ours),
  }
}

/** Diversion (RFC 5806) before History-Info (RFC 7044), which says the same, before what the trunk asserts. */
function diverters(invite: Pick<SipRequest, 'headers'>, asserted: string | undefined): readonly string[] {
  const diversion = invite.headers('diversion').flatMap((value) => numberIn(value) ?? [])
  if (diversion.length > 0) return diversion
  const history = divertersIn(invite.headers('history-info'))
  if (history.length > 0) return history
  return asserted === undefined ? [] : [asserted]
}

/** RFC 3323 §4.2, RFC 3325 §9.3. */
function isWithheld(invite: Pick<SipRequest, 'headers'>): boolean {
  const asked = invite.headers('privacy').flatMap((value) => value.toLowerCase().split(/[;,]/))
  return asked.some((each) => ['id', 'user', 'header'].includes(each.trim()))
}

function firstNumber(values: readonly string[]): string | undefined {
  return values.map(numberIn).find((number) => number !== undefined)
}
