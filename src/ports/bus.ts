import type { CallRefusal, CallRequest, CallView } from './call-control.js'
import type { CallerCommand, CallerDone, CallerRefusal } from './client-calls.js'
import type { ClientAddress } from './client-messages.js'
import type { PresenceRow } from './presence.js'
import type { Revocation } from './revocations.js'
import type { Binding } from './store.js'

/** What one part (or node) tells the others. Plain JSON: it crosses processes. */
export type BusMessage =
  /** A REGISTER got its 2xx and is stored. */
  | { readonly type: 'registered'; readonly binding: Binding }
  /** A registration of the user has ended at its own wish. */
  | { readonly type: 'unregistered'; readonly user: string }
  /** A device can no longer be pushed, or is gone altogether. */
  | {
      readonly type: 'device-retired'
      readonly user: string
      readonly deviceId: string
      readonly reason: string
    }
  /** A device's word on a call that lives on another node; that one answers with the same id. */
  | {
      readonly type: 'call-request'
      readonly id: string
      readonly callId: string
      readonly deviceId: string
      readonly request: CallRequest
    }
  | { readonly type: 'call-reply'; readonly id: string; readonly reply: CallView | CallRefusal }
  /** A client's word on a call that it made, and that lives on another node; that one answers with the same id. */
  | {
      readonly type: 'caller-request'
      readonly id: string
      readonly callId: string
      readonly client: ClientAddress
      readonly command: CallerCommand
    }
  | { readonly type: 'caller-reply'; readonly id: string; readonly reply: CallerDone | CallerRefusal }
  /** There are messages for this client. `offered`: number of one whose receipt is waited for. */
  | { readonly type: 'client-message'; readonly to: ClientAddress; readonly offered?: number }
  /** The client has what it was offered, and everything before it. */
  | { readonly type: 'client-acked'; readonly by: ClientAddress; readonly upTo: number }
  /** The client has opened its channel for the nth time: its earlier ones are of no use any more. */
  | { readonly type: 'client-channel'; readonly of: ClientAddress; readonly nth: number }
  /** Client tokens are good no more. */
  | { readonly type: 'token-revoked'; readonly revocation: Revocation }

  /** What was set or seen of users, as it is stored. */
  | { readonly type: 'presence'; readonly rows: readonly PresenceRow[] }

/** Delivers each message to every subscriber of every node, this one included, at least once, in order a sender. */
export interface Bus {
  publish(message: BusMessage): Promise<void>
  /** Returns the function that ends the subscription. */
  subscribe(listener: (message: BusMessage) => void): () => void
  /** Names this node to the other nodes of the bus, where there may be any. */
  readonly sender?: string
  /** Messages of that node come another way as well, and sooner: the bus need not hurry to fetch them. */
  heardSooner?(sender: string): void
  close(): Promise<void>
}
