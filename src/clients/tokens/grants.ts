/** What a client token lets its app do. The names are part of the API (docs/tokens.md). */
export interface Grants {
  /** Register its devices over SIP. */
  readonly register?: true
  /** Write and remove its devices over HTTP. */
  readonly devices?: true
  readonly channel?: true
  readonly invitations?: true
  readonly 'primary-calls'?: true
  /** Be called by name; the name is the token's `user`. */
  readonly incoming?: true
  readonly outgoing?: OutgoingGrant
  readonly presence?: PresenceGrant
}

/** Calls that the app may make. */
export interface OutgoingGrant {
  /** Patterns of numbers as routes have them (`+1555*`, `*`), and `user:`, `client:` or `group:` with a name or `*`. */
  readonly to: readonly string[]
  /** The one trunk that its calls to numbers may take; without it the configuration decides. */
  readonly trunk?: string
  /** Numbers that it may show to the callee; without it the configuration decides. */
  readonly callerIds?: readonly string[]
  /** The most calls at once. */
  readonly calls?: number
}

export interface PresenceGrant {
  /** Set the presence of its user. */
  readonly set?: true
  /** Whose presence it may read: names, or `*` for anybody's. */
  readonly read?: readonly string[]
}

/** Those that are given or not, and nothing else. */
export const PLAIN_GRANTS = ['register', 'devices', 'invitations', 'channel', 'primary-calls'] as const
export const GRANTS = [...PLAIN_GRANTS, 'incoming', 'outgoing', 'presence'] as const
export type Grant = (typeof GRANTS)[number]

/** Bounds what a token, and the request for one, can make us keep. */
export const MOST_IN_GRANT = 100
export const LONGEST_IN_GRANT = 256
export const MOST_CALLS = 10_000

/** True where one of the grants is given. */
export function granted({ grants }: { readonly grants: Grants }, ...oneOf: readonly Grant[]): boolean {
  return oneOf.some((grant) => grants[grant] !== undefined)
}

/**
 * The grants of a token's payload; undefined where one of them cannot be read, since a restriction that is not
 * understood must not fall away. A grant that this version does not know gives nothing.
 *
 * @param user the token's, whose name alone it may be called by
 */
export function readGrants(value: unknown, user: string): Grants | undefined {
  if (!isRecord(value)) return undefined
  const entries: [Grant, unknown][] = []
  for (const name of GRANTS) {
    const given = value[name]
    if (given === undefined || given === false) continue
    const grant = readGrant(name, given, user)
    if (grant === undefined) return undefined
    entries.push([name, grant])
  }
  return Object.fromEntries(entries)
}

function readGrant(name: Grant, value: unknown, user: string): Grants[Grant] {
  switch (name) {
    case 'outgoing':
      return readOutgoing(value)
    case 'presence':
      return readPresence(value)
    case 'incoming':
      return value === true || (hasOnly(value, ['as']) && value['as'] === user) ? true : undefined
    default:
      return value === true ? true : undefined
  }
}

function readOutgoing(value: unknown): OutgoingGrant | undefined {
  if (!hasOnly(value, ['to', 'trunk', 'callerIds', 'calls'])) return undefined
  const { to, trunk, callerIds, calls } = value
  if (!areTexts(to)) return undefined
  if (trunk !== undefined && !isText(trunk)) return undefined
  if (callerIds !== undefined && !areTexts(callerIds)) return undefined
  if (calls !== undefined && !isCount(calls)) return undefined
  return {
    to,
    ...(trunk === undefined ? {} : { trunk }),
    ...(callerIds === undefined ? {} : { callerIds }),
    ...(calls === undefined ? {} : { calls }),
  }
}

function readPresence(value: unknown): PresenceGrant | undefined {
  if (!hasOnly(value, ['set', 'read'])) return undefined
  const { set = false, read } = value
  if (typeof set !== 'boolean') return undefined
  if (read !== undefined && !areTexts(read)) return undefined
  return { ...(set ? { set } : {}), ...(read === undefined ? {} : { read }) }
}

type Fields = Readonly<Record<string, unknown>>

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasOnly(value: unknown, names: readonly string[]): value is Fields {
  return isRecord(value) && Object.keys(value).every((name) => names.includes(name))
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_IN_GRANT
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= MOST_IN_GRANT && value.every(isText)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_CALLS
}
