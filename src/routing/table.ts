import type { AcceptStyle, HoldStyle, RouteTarget } from '../call/plan.js'

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
  readonly noAnswer: NoAnswer | null
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

export type NoAnswer = RouteTarget | { readonly kind: 'status'; readonly status: number }

export interface Trunk {
  readonly name: string
  /** Source networks, as CIDR or single addresses. */
  readonly match: readonly string[]
  readonly ringback: HoldStyle
  /** Country of the ringback tone. */
  readonly tone: string
  readonly accept: AcceptStyle
  /** Inside our trust domain (RFC 3325): its asserted identities are believed and passed on. */
  readonly trusted: boolean
  /** Where calls out go: a SIP URI. */
  readonly proxy: string | null
  readonly credentials: { readonly username: string; readonly password: string } | null
}

export interface Route {
  /** An exact number, or a prefix that ends in `*`. */
  readonly match: string
  readonly to: RouteTarget | { readonly kind: 'status'; readonly status: number }
}

export interface RoutingConfig {
  readonly users: ReadonlyMap<string, RoutedUser>
  readonly groups: ReadonlyMap<string, RoutedGroup>
  readonly trunks: readonly Trunk[]
  readonly routes: readonly Route[]
}

/** The configuration with the look-ups that each call needs, made once a reload. */
export interface RoutingTable {
  user(name: string): RoutedUser | undefined
  group(name: string): RoutedGroup | undefined
  /** Numbers and names of users and groups first, then the routes in order. */
  number(called: string): Route['to'] | undefined
  trunk(name: string): Trunk | undefined
  trunkOf(address: string): Trunk | undefined
}
