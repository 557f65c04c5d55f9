import type { CountryCode } from 'libphonenumber-js'
import type { AcceptStyle, HoldStyle, RouteTarget } from '../call/plan.js'
import type { PresenceState } from '../ports/presence.js'

/** What routing needs to know of the configuration. Times in milliseconds. */
export interface RoutedUser {
  readonly name: string
  readonly numbers: readonly string[]
  readonly ringMs: number
  readonly graceMs: number
  /** How long a device that accepted by API may take to be there. */
  readonly secondResponseMs: number
  /** How a phone that wakes after the end is told: by the API alone, or by an INVITE and its CANCEL too. */
  readonly late: 'silent' | 'invite'
  /** The push carries our SDP offer. */
  readonly offerInPush: boolean
  /** Where a decline of this user's may send a call. */
  readonly redirect: readonly Redirect[]
  /** Where a call goes in the stead of the devices; the first that holds counts. */
  readonly when: readonly PresenceRule[]
  readonly noAnswer: NoAnswer | null
}

/** Holds while the user's presence is one of these, or the user is in a call where they say so. */
export interface PresenceRule {
  readonly presence: readonly (PresenceState | 'in-call')[]
  readonly to: NoAnswer
}

export type Redirect =
  /** `*`: any. */
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'group'; readonly group: string }
  /** `match`: as of a {@link Route}. Without `trunk` the call goes wherever one to that number does. */
  | { readonly kind: 'number'; readonly match: string; readonly trunk?: string }

/** Users who are called together. Times in milliseconds. */
export interface RoutedGroup {
  readonly name: string
  readonly numbers: readonly string[]
  readonly strategy: 'side-by-side' | 'in-turn'
  /** `ringMs`: of this member in turn. */
  readonly members: readonly { readonly user: string; readonly ringMs: number }[]
  /** Of all members side by side. */
  readonly ringMs: number
  readonly noAnswer: NoAnswer | null
}

/** Who has a cell phone whose calls are fetched by the carrier's conditional forwarding. Times in milliseconds. */
export interface RoutedSubscriber {
  /** E.164. */
  readonly number: string
  /** Whose phone it is. */
  readonly user: string
  /** Where the forwarding points, E.164; several subscribers may share one. */
  readonly did: string
  readonly secondaries: readonly Secondary[]
  readonly strategy: 'side-by-side' | 'in-turn'
  /** How long a step of the secondaries rings. */
  readonly ringMs: number
  /** What the caller hears in the stead of what its trunk says. */
  readonly hears: { readonly ringback: HoldStyle | null; readonly tone: string | null }
  readonly noAnswer: NoAnswer | null
}

/** Who rings beside the cell phone. */
export type Secondary =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'outside'; readonly uri: string; readonly trunk: string }
  | { readonly kind: 'number'; readonly number: string; readonly trunk: string }

export type NoAnswer = RouteTarget | { readonly kind: 'status'; readonly status: number }

/** What a caller is given, by where it calls from. */
export interface CallerTerms {
  readonly ringback: HoldStyle
  /** Country of the ringback tone. */
  readonly tone: string
  readonly accept: AcceptStyle
  /** Inside our trust domain (RFC 3325): its asserted identities are believed and passed on. */
  readonly trusted: boolean
}

export interface Trunk extends CallerTerms {
  readonly name: string
  /** Source networks, as CIDR or single addresses. */
  readonly match: readonly string[]
  /** Whom the P-Asserted-Identity of a forwarded call names: its caller, or the subscriber who diverted it. */
  readonly asserts: 'caller' | 'diverting'
  /** Where calls out go: a SIP URI. */
  readonly proxy: string | null
  readonly credentials: { readonly username: string; readonly password: string } | null
  /** Phones behind it may subscribe to presence. */
  readonly presence: boolean
  /** Where it is. */
  readonly region?: string
}

export interface Route {
  /** An exact number, or a prefix that ends in `*`. */
  readonly match: string
  readonly to: RouteTarget | { readonly kind: 'status'; readonly status: number }
}

export interface RoutingConfig {
  readonly users: ReadonlyMap<string, RoutedUser>
  /** How a client is called whose name is no user's. */
  readonly clients: Omit<RoutedUser, 'name' | 'numbers'>
  readonly groups: ReadonlyMap<string, RoutedGroup>
  /** By number. */
  readonly subscribers: ReadonlyMap<string, RoutedSubscriber>
  readonly trunks: readonly Trunk[]
  readonly routes: readonly Route[]
  /** Patterns of numbers outside that nobody may call; `country`: in which numbers without one are read. */
  readonly block: { readonly patterns: readonly string[]; readonly country?: CountryCode }
}

/** The configuration with the look-ups that each call needs, made once a reload. */
export interface RoutingTable {
  user(name: string): RoutedUser | undefined
  /** Whoever has devices under this name: the user, or a client of its own. */
  client(name: string): RoutedUser
  group(name: string): RoutedGroup | undefined
  subscriber(number: string): RoutedSubscriber | undefined
  /**
   * Numbers and names of users and groups first, then DIDs that are one subscriber's alone, then the routes in order.
   */
  number(called: string): Route['to'] | undefined
  /** The same for who calls from within: a route for every number is none for theirs. */
  inside(called: string): Route['to'] | undefined
  /** Whether this number, or the number that is the user part of a URI, is one that nobody may call. */
  blocked(number: string): boolean
  trunk(name: string): Trunk | undefined
  trunkOf(address: string): Trunk | undefined
}
