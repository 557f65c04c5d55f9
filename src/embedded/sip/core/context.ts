import type { App, AppMessage, AppResponse, CancelSent, Outcome, ResponseSent } from '../control/app.js'
import type { Routes } from '../control/routes.js'
import type { Dialogs } from '../dialog/dialogs.js'
import type { Settings } from '../options.js'
import type { Counters } from '../stats.js'
import type { TimerSet } from '../timer-set.js'
import type { TransactionLayer } from '../transaction/layer.js'
import type { ServerTransaction } from '../transaction/server-transaction.js'
import type { Flow } from '../transport/transport.js'
import type { Transports } from '../transport/transports.js'
import type { Cdr } from './cdr.js'
import type { RegisteredFlows } from './registered-flows.js'

/** A request that an app has been given to answer. */
export interface Answerable {
  readonly app: App
  /** Sends the app's response. */
  respond(response: AppResponse): Outcome<ResponseSent>
  /** The app is gone: nobody will answer. */
  orphaned(): void
}

/** A request that an app has sent and that has no final response. */
export interface Awaited {
  readonly app: App
  /** Only an INVITE can be cancelled. */
  cancel?(message: AppMessage): Outcome<CancelSent>
  orphaned(): void
}

/** Who answers for an INVITE when its CANCEL comes. */
export interface InviteOwner {
  cancelled(cancel: ServerTransaction, flow: Flow): void
}

/** What the parts of the core share: the layers below, the apps above, and the tables of what is under way. */
export interface Context {
  readonly settings: Settings
  readonly timers: TimerSet
  readonly counters: Counters
  readonly layer: TransactionLayer
  readonly transports: Transports
  readonly dialogs: Dialogs
  readonly routes: Routes<App>
  readonly registered: RegisteredFlows
  readonly cdr: Cdr
  /** By transaction id. */
  readonly answerable: Map<string, Answerable>
  /** By transaction id. */
  readonly awaited: Map<string, Awaited>
  readonly inviteOwners: Map<ServerTransaction, InviteOwner>
  /** What this server's own Record-Route values are known by. */
  readonly relayKey: Buffer
  /** Proxied requests under way. */
  readonly proxied: Set<object>
  fault(where: string, error: unknown): void
}
