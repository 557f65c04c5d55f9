import type { Forwarding } from '../forwarding/service.js'
import type { Instructions } from '../instructions/instructions.js'
import type { Tokens } from '../clients/tokens/tokens.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { Media } from '../ports/media.js'
import type { CallObserver } from '../ports/observer.js'
import type { Signaling } from '../ports/signaling.js'
import type { CallingGate } from '../outgoing/calling-gate.js'
import type { Regions } from '../regions/regions.js'
import type { Router } from '../routing/router.js'
import type { Sleepers } from '../routing/sleepers.js'
import type { RoutingTable } from '../routing/table.js'
import type { Waker } from '../wake/waker.js'
import type { CallPath } from './call-path.js'
import type { CallOrigin } from './origin.js'

/** Primary calls, as far as calls have to do with them. Nothing of it throws or waits. */
export type PrimaryCalls = Pick<Forwarding, 'match' | 'instruct' | 'forwarded' | 'ended'>

/** What every call needs from the world. */
export interface Services {
  readonly signaling: Signaling
  readonly media: Media
  readonly router: Router
  readonly table: () => RoutingTable
  readonly sleepers: Sleepers
  /** Which of the gateways and media servers a call goes by. */
  readonly regions: Regions
  readonly waker: Pick<Waker, 'wake' | 'tellEnding'>
  readonly forwarding: PrimaryCalls
  /** What calls do whose routes name instructions. */
  readonly instructions: Pick<Instructions, 'begin'>
  /** Who may call without a trunk. */
  readonly calling: Pick<CallingGate, 'admit'>
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
  /** By which regions it goes. */
  readonly path: CallPath
}

export interface CallSettings {
  /** Host part of our URIs. */
  readonly domain: string
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
