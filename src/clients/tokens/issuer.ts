import type { Clock } from '../../ports/clock.js'
import type { Grants } from './claims.js'
import { newTokenId } from './token-id.js'
import type { Tokens } from './tokens.js'

/** A client token that somebody may have. */
export interface TokenOrder {
  readonly client: string
  readonly user: string
  readonly deviceId?: string
  readonly grants: Grants
  readonly lifetimeMs: number
}

export interface Issued {
  readonly kind: 'issued'
  readonly token: string
  /** By which it can be revoked. */
  readonly id: string
  /** Microseconds since the epoch, a full second. */
  readonly expiresAt: number
}

export interface NotIssued {
  readonly kind: 'refused'
  /** What of the order it is about. */
  readonly field: 'user' | 'name' | 'to' | 'trunk' | 'grants'
  /** One sentence for whoever ordered it. */
  readonly detail: string
}

/** Makes client tokens for those who are entitled to have any made. */
export interface Issuer {
  issue(order: TokenOrder): Promise<Issued | NotIssued>
}

/** Whether the configuration knows a name, and which one it knows is the nearest. */
export type NameCheck = (kind: 'user' | 'group' | 'trunk', name: string) => true | { readonly near?: string }

export interface IssuerDeps {
  readonly tokens: Pick<Tokens, 'mintClient'>
  readonly clock: Pick<Clock, 'now'>
  readonly names: NameCheck
}

/** What a SIP URI takes as its user part without escapes, but for `;` (RFC 3261 §25.1). */
const NAME = /^[A-Za-z0-9\-_.!~*'()&=+$,?/]+$/
const NUMBERS = /^(?:\+?[0-9]+\*?|\+?\*)$/
/** A header of SIP with it is refused where it is longer than 4 KB. */
const LONGEST = 4000

export function createIssuer({ tokens, clock, names }: IssuerDeps): Issuer {
  return {
    async issue(order) {
      const refused = objectionTo(order, names)
      if (refused !== undefined) return refused
      const { lifetimeMs, ...claims } = order
      const [id, expiresAt] = [newTokenId(), clock.now() + lifetimeMs * 1000]
      const token = await tokens.mintClient({ ...claims, jti: id, expiresAt })
      if (token.length > LONGEST) {
        return refuse('grants', `the token would be longer than ${String(LONGEST)} characters: grant less`)
      }
      return { kind: 'issued', token, id, expiresAt: Math.ceil(expiresAt / 1_000_000) * 1_000_000 }
    },
  }
}

/** What speaks against an order before any key is looked at. */
export function objectionTo(
  { user, grants }: Pick<TokenOrder, 'user' | 'grants'>,
  names: NameCheck,
): NotIssued | undefined {
  const known = names('user', user)
  if (known !== true && grants.incoming === undefined) {
    return refuse('user', `the configuration has no user ${user}${hint(known)}`)
  }
  if (!NAME.test(user)) return refuse('name', `"${user}" is no name that could be called`)
  const { to = [], trunk } = grants.outgoing ?? {}
  for (const destination of to) {
    const refused = refusedDestination(destination, names)
    if (refused !== undefined) return refused
  }
  const way = trunk === undefined || names('trunk', trunk)
  return way === true
    ? undefined
    : refuse('trunk', `the configuration has no trunk ${trunk ?? ''}${hint(way)}`)
}

/** Any user may be a client of its own; a group is configured. */
function refusedDestination(destination: string, names: NameCheck): NotIssued | undefined {
  const [, kind, name = ''] = /^(user|client|group):(.*)$/s.exec(destination) ?? []
  if (kind === undefined ? !NUMBERS.test(destination) : name !== '*' && !NAME.test(name)) {
    return refuse(
      'to',
      `"${destination}" is no destination: a number, the beginning of one and *, * for any number, ` +
        'or user:, client: or group: with a name or *',
    )
  }
  const known = kind !== 'group' || name === '*' || names('group', name)
  return known === true ? undefined : refuse('to', `the configuration has no group ${name}${hint(known)}`)
}

function hint({ near }: { readonly near?: string }): string {
  return near === undefined ? '' : `; did you mean ${near}?`
}

function refuse(field: NotIssued['field'], detail: string): NotIssued {
  return { kind: 'refused', field, detail }
}
