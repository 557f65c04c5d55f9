import type { Contact } from '../call/destination.js'
import type { Ending } from '../call/ending.js'
import type { ClientMessageStore } from './client-messages.js'
import type { InvitationStore } from './invitations.js'
import type { PresenceStore } from './presence.js'
import type { PrimaryCallStore } from './primary-calls.js'
import type { PushTarget } from './push.js'
import type { RevocationStore } from './revocations.js'

/** One app install. Outlives its bindings and restarts. Times: microseconds since the epoch. */
export interface Device {
  readonly id: string
  readonly user: string
  /** `+sip.instance` (RFC 5626 §4.1), without the angle brackets, where the device gave one. */
  readonly instance: string | null
  /** Null once the token is retired, and of an app that has none, but lives by its channel. */
  readonly push: PushTarget | null
  /** It is told of a call, and comes by an INVITE of its own: none is sent to it. */
  readonly callsIn?: true
  readonly createdAt: number
  readonly seenAt: number
  /** When and why the push token was retired, or the app that has none was. */
  readonly retired: { readonly at: number; readonly reason: string } | null
  /** Where it registered last: the region of that gateway, where it has one. Outlives the registration. */
  readonly region?: string
}

/** Whether the app may be told of a call, by its channel where it has no push token. */
export function canBeWoken({ push, retired }: Pick<Device, 'push' | 'retired'>): boolean {
  return push !== null || retired === null
}

/** Where a REGISTER came from (RFC 5626). */
export interface Flow {
  readonly protocol: string
  readonly address: string
  readonly port: number
}

/** A SIP registration of a device or of a phone without push parameters. */
export interface Binding extends Contact {
  readonly user: string
  readonly deviceId: string | null
  readonly instance: string | null
  readonly regId: number | null
  readonly callId: string
  readonly cseq: number
  /** Name of the gateway that the REGISTER came through. */
  readonly gateway: string
  /** Of that gateway, where it has one. */
  readonly region?: string
  readonly source: Flow
  /** q value of the Contact, 0 to 1. */
  readonly q: number
  readonly userAgent: string | null
  /** Contact parameters as registered, push parameters included, for the 2xx that lists them. */
  readonly contactHeader: string
  readonly registeredAt: number
  readonly expiresAt: number
}

/** One row a call. */
export interface CallRecord {
  readonly id: string
  readonly startedAt: number
  readonly answeredAt: number | null
  readonly endedAt: number | null
  readonly trunk: string | null
  /** Name of the client that called, where it came by no trunk. */
  readonly client: string | null
  readonly from: string
  readonly to: string
  readonly user: string | null
  readonly ending: Ending | null
}

/** One journal line of a call. */
export interface CallEventRecord {
  readonly callId: string
  /** Counts from 0 within the call. */
  readonly seq: number
  readonly at: number
  /** A stage or an event of the call machine. */
  readonly type: string
  readonly data: Readonly<Record<string, unknown>> | null
}

export interface DeviceStore {
  /**
   * Makes or replaces the device. Written when the promise resolves; where only {@link Device.seenAt} or its region has
   * changed, a moment later. Rejects with {@link StoreConflict} where another device has its push address.
   */
  putDevice(device: Device): Promise<void>
  device(id: string): Promise<Device | null>
  devicesOf(user: string): Promise<readonly Device[]>
  /** The device that owns this push address (RFC 8599 §5.3). */
  deviceByPush(push: PushTarget): Promise<Device | null>
  deviceByInstance(user: string, instance: string): Promise<Device | null>
  /** Marks the push token dead, but only where it is still this one; true where it was. */
  retirePush(deviceId: string, push: PushTarget, reason: string, at: number): Promise<boolean>
  /** How calls come to a device, where it is this user's. */
  setCallsIn(deviceId: string, user: string, callsIn: boolean): Promise<void>
  listDevices(): Promise<readonly Device[]>
  /**
   * Devices that can be pushed and are registered at `now` by a gateway of the region, in the order of their ids: the
   * first `limit` of them that come after `after`.
   */
  devicesIn(region: string, now: number, after: string, limit: number): Promise<readonly Device[]>
}

export interface BindingStore {
  /**
   * Applies the changes of one REGISTER in one transaction. Written when the promise resolves, but for bindings of
   * devices with a push address, which may be written a moment later: those a push brings back. A binding keeps its user.
   */
  writeBindings(change: {
    readonly put: readonly Binding[]
    readonly remove: readonly string[]
  }): Promise<void>
  /** Bindings of a user that have not expired at `now`. */
  bindingsOf(user: string, now: number): Promise<readonly Binding[]>
  /** Deletes bindings that expired before `now`; returns how many. */
  dropExpired(now: number): Promise<number>
}

/** What a REGISTER is decided on. */
export interface Registrations {
  /** Of the user, those that have not expired. */
  readonly bindings: readonly Binding[]
  /** Of the user, retired ones included. */
  readonly devices: readonly Device[]
  /** Whoever's device has one of the push addresses. */
  readonly owners: readonly Device[]
  /** Those that other users have of the owners. */
  readonly foreignBindings: readonly Binding[]
}

/** What a REGISTER changes; in this order. */
export interface RegistrationChange {
  /** Push addresses that devices lose, where they still have them; `at` in microseconds since the epoch. */
  readonly retire: readonly {
    readonly deviceId: string
    readonly push: PushTarget
    readonly reason: string
    readonly at: number
  }[]
  readonly devices: readonly Device[]
  readonly put: readonly Binding[]
  /** Ids of bindings. */
  readonly remove: readonly string[]
}

/** What a REGISTER needs of {@link DeviceStore} and {@link BindingStore}, in one go each. */
export interface RegistrationStore {
  registrations(user: string, pushes: readonly PushTarget[], now: number): Promise<Registrations>
  /**
   * Written as those methods write. Rejects as `putDevice` does. What a failure may leave behind are devices that are
   * known but not registered.
   */
  register(change: RegistrationChange): Promise<void>
}

export interface CallStore {
  /** Written behind the call, in batches; the promise resolves when the batch is on disk. */
  saveCalls(calls: readonly CallRecord[], events: readonly CallEventRecord[]): Promise<void>
  call(id: string): Promise<{ readonly call: CallRecord; readonly events: readonly CallEventRecord[] } | null>
  /** Newest first. */
  recentCalls(limit: number): Promise<readonly CallRecord[]>
}

/** What the servers on one database know of each other. A node is one life of a server: a restart is another. */
export interface NodeStore {
  /** Says that this node lives; to be called when it starts, and every few seconds ({@link BEAT_MS}) from then on. */
  beat(): Promise<void>
  /**
   * Gives this ending to every call without one whose node is gone, and returns their ids. Gone is an earlier life of
   * this server, and a node that was silent for {@link SILENCE_MS} while this one was not. A call that turns out to
   * live gets its own ending when it has one.
   */
  endInterrupted(ending: Ending, at: number): Promise<readonly string[]>
  /** 32 random bytes under this name, the same for all nodes and for ever. */
  secret(name: string): Promise<Uint8Array>
}

/** What tokens were used for, where each may be used once. */
export interface TokenUses {
  /**
   * Uses the token `jti` for `purpose`: true for the first, and again for the same `holder` where one is named; false
   * for anybody who comes later. Of several at once, on whichever nodes, one is the first. Written when the promise
   * resolves or, where this process alone has the database, a moment later; and remembered until {@link dropUses} is
   * told that the token has expired (microseconds since the epoch).
   */
  use(jti: string, purpose: string, expiresAt: number, holder?: string): Promise<boolean>
  /** Forgets what tokens were used for that expired before `now`; returns how many. */
  dropUses(now: number): Promise<number>
}

/** How often a node is to say that it lives, in milliseconds. */
export const BEAT_MS = 10_000
/** After so many milliseconds without a word a node is gone. */
export const SILENCE_MS = 60_000

/** Errors of every method: {@link StoreUnavailable} where the database cannot be reached or does not answer in time. */
export interface Store
  extends
    DeviceStore,
    BindingStore,
    RegistrationStore,
    CallStore,
    NodeStore,
    TokenUses,
    RevocationStore,
    ClientMessageStore,
    InvitationStore,
    PrimaryCallStore,
    PresenceStore {
  ping(): Promise<void>
  close(): Promise<void>
}

export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** What was to be written contradicts what another wrote meanwhile: read again, and decide anew. */
export class StoreConflict extends Error {
  override readonly name = 'StoreConflict'
}
