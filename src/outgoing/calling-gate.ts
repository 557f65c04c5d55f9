import type { CallingPolicy } from '../ports/client-calls.js'
import type { Final, SipRequest } from '../ports/signaling.js'
import type { Gate } from '../registrar/gate.js'
import { bareNumber } from '../routing/numbers.js'
import { parseCredentials } from '../sip-text/credentials.js'
import { parseNameAddr } from '../sip-text/name-addr.js'
import { hidesCaller } from '../sip-text/privacy.js'
import { userPartOf } from '../sip-text/user-part.js'
import { isAnonymous } from './caller-id.js'
import { bearerChallenge } from './client-bearer.js'
import type { Outgoing, Permitted } from './outgoing.js'
import { finalOf, refuse } from './refusal.js'

export interface CallingGateDeps {
  readonly gate: Gate
  readonly outgoing: Pick<Outgoing, 'permit' | 'refused'>
  /** What the configuration lets a user call who shows a password. */
  readonly policyOf: (user: string) => CallingPolicy | undefined
  readonly realm: string
}

/** An INVITE that does not become a call. */
export interface NotPermitted {
  readonly kind: 'refused'
  readonly final: Final
  readonly why: string
  /** Every phone is refused so now and then: a challenge. */
  readonly routine: boolean
}

/** Lets the INVITEs of clients in: who sends them, and whether that one may call there. */
export class CallingGate {
  constructor(private readonly deps: CallingGateDeps) {}

  /** Rejects where a fault of ours is in the way. */
  async admit(invite: SipRequest): Promise<Permitted | NotPermitted> {
    const { gate, outgoing, policyOf } = this.deps
    const sender = await gate.identify(invite)
    if (sender.kind === 'refused') {
      const { response: final, why, routine } = sender
      return { kind: 'refused', final, why, routine }
    }
    const { user, calling } = sender
    // A password answers for one Request-URI (RFC 7616 §3.4.6): it is not to be taken along to another number.
    if (calling === undefined && isForAnother(invite)) {
      const final = { status: 400, phrase: 'Digest URI Mismatch' }
      return { kind: 'refused', final, why: `the password of ${user} is for another URI`, routine: false }
    }
    const policy = calling === undefined ? policyOf(user) : (calling ?? undefined)
    const claim = claimOf(invite, user)
    const asked = { user, to: invite.uri }
    const outcome =
      claim === undefined
        ? outgoing.refused(
            refuse('foreign-name', `${user} calls itself ${invite.header('from') ?? ''}`),
            asked,
          )
        : outgoing.permit({ policy, ...asked, ...claim })
    if (outcome.kind === 'permitted') return outcome
    const final = finalOf(outcome, bearerChallenge(this.deps.realm, 'insufficient_scope'))
    return { kind: 'refused', final, why: outcome.detail, routine: false }
  }
}

/**
 * As whom a caller wishes to be seen. From names the caller itself, nobody, or a number that it would show, which
 * P-Preferred-Identity may do beside its own name (RFC 3325 §9.2). Undefined where it names somebody else.
 */
function claimOf(
  invite: SipRequest,
  user: string,
): { readonly callerId: string | undefined; readonly name: string | null } | undefined {
  const from = parseNameAddr(invite.header('from') ?? '')
  const named = from && userPartOf(from.uri)
  if (named === undefined) return undefined
  const name = from?.display ?? null
  if (isAnonymous(named) || hidesCaller(invite.headers('privacy')))
    return isAnonymous(named) || named === user ? { callerId: 'anonymous', name: null } : undefined
  if (named === user) return { callerId: preferred(invite, user), name }
  return bareNumber(named) === undefined ? undefined : { callerId: named, name }
}

/** Hosts are not compared: proxies change them. */
function isForAnother(invite: SipRequest): boolean {
  const called = userPartOf(invite.uri)
  const answered = invite.headers('authorization').flatMap((value) => parseCredentials(value) ?? [])
  const uris = answered
    .filter(({ scheme }) => scheme === 'digest')
    .map(({ params }) => params.get('uri') ?? '')
  return uris.some((uri) => uri !== invite.uri && userPartOf(uri) !== called)
}

function preferred(invite: SipRequest, user: string): string | undefined {
  const [value] = invite.headers('p-preferred-identity')
  const address = value === undefined ? undefined : parseNameAddr(value)
  const named = address && userPartOf(address.uri)
  return named === user ? undefined : named
}
