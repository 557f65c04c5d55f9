import type { ToldCaller } from '../../ports/client-calls.js'
import type { ClientAddress, ClientMessage } from '../../ports/client-messages.js'
import type { ToldInvited } from '../../ports/invitation-messages.js'
import type { ToldPrimary } from '../../ports/primary-calls.js'
import type { ChannelPeer, ChannelSocket } from '../channel/socket.js'
import type { ClientClaims } from '../tokens/claims.js'

/** Devices' apps and other clients: their channels, whichever node they are on, and what they are told. */
export interface ClientHub {
  /**
   * Tells the device's app of a call by its open channel. `taken`: the app has said within 300 ms that it has it.
   * Otherwise a push is called for; the app may come to know of the call twice then, under one `callId`. Never rejects.
   *
   * @param payload what the push would carry
   * @param expiresAt microseconds since the epoch
   */
  offerCall(
    deviceId: string,
    payload: Readonly<Record<string, unknown>>,
    expiresAt: number,
  ): Promise<'taken' | 'no-channel'>
  /** The same for what an invited device, or the phone of a primary call, is to know. */
  offer(
    deviceId: string,
    message: ToldInvited | ToldPrimary,
    expiresAt: number,
  ): Promise<'taken' | 'no-channel'>
  /**
   * Numbers a message for one client, who gets it now or when it is back. Rejects with StoreUnavailable.
   *
   * @param expiresAt microseconds since the epoch
   */
  tell(to: ClientAddress, message: ToldCaller, expiresAt: number): Promise<void>
  /**
   * Tells the apps of the device that were there lately how a call ended, now or when they are back. Never rejects.
   *
   * @param payload what the push of the ending would carry
   */
  tellEnding(deviceId: string, payload: Readonly<Record<string, unknown>>): Promise<void>
  /** A client has connected; null where too many have that have not said yet who they are. */
  connect(socket: ChannelSocket): ChannelPeer | null
  /** Messages of a client without a channel. Rejects with StoreUnavailable. */
  poll(client: PollingClient, request: PollRequest, signal: AbortSignal): Promise<Polled | PollRefusal>
  readonly gauges: { readonly channels: number; readonly greeting: number; readonly polls: number }
  /** Deletes what nobody needs any more; to be called now and then. */
  forget(): Promise<void>
  /** Sends the clients to other nodes, and takes no new ones. */
  drain(): void
  /** Resolves when all that is closed is written. */
  close(): Promise<void>
}

/** Who polls, as its client token says. */
export type PollingClient = Pick<ClientClaims, 'client' | 'user' | 'deviceId' | 'grants'>

/** The device is not the token's, or no device may be named with what the token grants. */
export type PollRefusal = 'token-foreign' | 'grant-missing'

export interface PollRequest {
  /** The client has everything up to this number; without one it gets all that it has not acknowledged. */
  readonly after?: number | undefined
  /** Where the token leaves it open. */
  readonly device?: string | undefined
  readonly waitMs: number
}

export interface Polled {
  readonly messages: readonly ClientMessage[]
  /** Messages that were dropped for want of room since the client was last told so. */
  readonly lost: number
}
