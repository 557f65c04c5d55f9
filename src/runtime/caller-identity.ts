import type { SipRequest } from '../ports/signaling.js'
import { type NameAddr, parseNameAddr } from '../sip-text/name-addr.js'
import { hidesCaller } from '../sip-text/privacy.js'
import { quote } from '../sip-text/scan.js'
import { userPartOf } from '../sip-text/user-part.js'

/** Who calls, as far as the callee may know. */
export interface CallerIdentity {
  /** Number or user part; null where the caller asked for privacy. */
  readonly user: string | null
  readonly name: string | null
}

/**
 * The caller of an INVITE. A trusted trunk's P-Asserted-Identity is believed above From (RFC 3325 §9.1); a caller who
 * asked for privacy stays unnamed (RFC 3323 §4.2).
 */
export function callerOf(invite: SipRequest, trusted: boolean): CallerIdentity {
  if (wantsPrivacy(invite)) return { user: null, name: null }
  const asserted = trusted ? addressOf(invite.headers('p-asserted-identity')[0]) : undefined
  const from = addressOf(invite.header('from'))
  const believed = asserted ?? from
  if (believed === undefined) return { user: null, name: null }
  const user = userPartOf(believed.uri) ?? null
  return { user: user === 'anonymous' ? null : user, name: believed.display ?? from?.display ?? null }
}

export function wantsPrivacy(invite: SipRequest): boolean {
  return hidesCaller(invite.headers('privacy'))
}

/** From of the INVITE to the callee (RFC 3323 §4.1.1.3 where anonymous). */
export function fromHeader({ user, name }: CallerIdentity, domain: string): string {
  if (user === null) return '"Anonymous" <sip:anonymous@anonymous.invalid>'
  const address = `<sip:${encodeURIComponent(user).replace(/%2B/g, '+')}@${domain}>`
  return name === null ? address : `${quote(name)} ${address}`
}

function addressOf(value: string | undefined): NameAddr | undefined {
  return value === undefined ? undefined : parseNameAddr(value)
}
