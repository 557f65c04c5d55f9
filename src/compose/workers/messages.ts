import type { AddressInfo } from 'node:net'
import type { ListeningPoint } from '../../ports/signaling.js'
import type { GatewayEntry } from '../sip.js'

/** What of the configuration is a worker's own. */
export interface Share {
  /** From 1 on. */
  readonly worker: number
  /** How many there are to be. */
  readonly workers: number
  /** In the database: a worker that takes the place of another has its name. */
  readonly node: string
  /** The embedded SIP servers of the parent; undefined where the operator's own serve. */
  readonly gateways: readonly GatewayEntry[] | undefined
  /** Where the parent takes HTTP connections for all. */
  readonly http: AddressInfo
}

/** What the parent tells a worker. */
export type ToWorker =
  /** The first of all. `config`: the path as it was given. */
  | { readonly type: 'start'; readonly config: string | undefined; readonly share: Share }
  /** Together with the socket; answered by `taken`. */
  | { readonly type: 'connection' }
  /** Asks whether it lives; answered by `pong`. */
  | { readonly type: 'ping' }
  | { readonly type: 'reload' }
  | { readonly type: 'drain' }
  | { readonly type: 'end-calls' }
  | { readonly type: 'close' }
  /** How many workers are up. */
  | { readonly type: 'up'; readonly up: number }
  /** Asks for its metrics. */
  | { readonly type: 'metrics'; readonly id: number }
  /** The metrics of all that it asked for. */
  | { readonly type: 'all-metrics'; readonly id: number; readonly text: string }

/** What a worker tells its parent. */
export type ToParent =
  | { readonly type: 'up'; readonly sip: readonly ListeningPoint[] }
  /** It could not start, and ends. */
  | { readonly type: 'failed'; readonly reason: string }
  /** It has the connection that was handed to it first of those that it has not told of. */
  | { readonly type: 'taken' }
  | { readonly type: 'pong' }
  /** It has no calls any more, and takes none. */
  | { readonly type: 'drained' }
  | { readonly type: 'metrics'; readonly id: number; readonly text: string }
  /** Asks for those of all workers. */
  | { readonly type: 'all-metrics'; readonly id: number }

/** File descriptor of a worker's end of the line to the other workers. */
export const LINE_FD = 4
