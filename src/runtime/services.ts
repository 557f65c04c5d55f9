import type { Tokens } from '../clients/tokens/tokens.js'
import type { RouteTarget } from '../call/plan.js'
import type { PrimaryCallListener } from '../ports/primary-calls.js'
import type { SipRequest } from '../ports/signaling.js'
import type { Trunk } from '../routing/table.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { Media } from '../ports/media.js'
import type { CallObserver } from '../ports/observer.js'
import type { Signaling } from '../ports/signaling.js'
import type { Router } from '../routing/router.js'
import type { Sleepers } from '../routing/sleepers.js'
import type { RoutingTable } from '../routing/table.js'
import type { Waker } from '../wake/waker.js'
import type { CallOrigin } from './origin.js'

/** What an INVITE is, to those whose cell phone calls are fetched by conditional forwarding. */
export type ForwardedAs =
  /** The caller of a primary call that lives on this node. */
  | { readonly kind: 'primary'; readonly callId: string }
  /** It has shown that the forwarding works, which was all it was for. */
  | { readonly kind: 'test' }
  /** A secondary destination that is forwarded to us itself. */
  | { readonly kind: 'loop'; readonly detail: string }
  | { readonly kind: 'nobody'; readonly detail: string }
  /** An ordinary call. */
  | { readonly kind: 'target'; readonly target: RouteTarget }

/** Primary calls, as far as calls have to do with them. Nothing of it throws or waits. */
export interface Forwarding extends PrimaryCallListener {
  match(invite: SipRequest, called: string, trunk: Trunk): ForwardedAs
}

/** What every call needs from the world. */
export interface Services {
  readonly signaling: Signaling
  readonly media: Media
  readonly router: Router
  readonly table: () => RoutingTable
  readonly sleepers: Sleepers
  readonly waker: Pick<Waker, 'wake' | 'tellEnding'>
  readonly forwarding: Forwarding
  readonly tokens: Pick<Tokens, 'mintCall' | 'verifyCall'>
  readonly clock: Clock
  readonly log: Log
  readonly observer: CallObserver
  readonly settings: CallSettings
}

/** What does not change while a call lives. */
export interface CallFacts {
  readonly id: string
  /** The number or user that was called. */
  readonly called: string
  readonly origin: CallOrigin
}

export interface CallSettings {
  /** Host part of our URIs. */
  readonly domain: string
  /** SIP URI that a woken app registers on. */
  readonly edge: string
  /** Base URL at which an app reaches the client API. */
  readonly api: string
  /** Whose tones those hear who came by no trunk, ISO 3166-1 alpha-2 in lower case. */
  readonly country: string
  /** RFC 4028, seconds. */
  readonly sessionExpires: number
  readonly minSe: number
  /** A header value that names this software. */
  readonly userAgent: string
}
