import type { HoldStyle, RouteTarget } from '../call/plan.js'

/** What routing needs to know of the configuration. Times in milliseconds. */
export interface RoutedUser {
  readonly name: string
  readonly numbers: readonly string[]
  readonly ringMs: number
  readonly graceMs: number
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
  readonly trunks: readonly Trunk[]
  readonly routes: readonly Route[]
}

/** The configuration with the look-ups that each call needs, made once a reload. */
export interface RoutingTable {
  user(name: string): RoutedUser | undefined
  /** Users' own numbers first, then the routes in order. */
  number(called: string): Route['to'] | undefined
  trunk(name: string): Trunk | undefined
  trunkOf(address: string): Trunk | undefined
}
