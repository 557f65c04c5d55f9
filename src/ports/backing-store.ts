import type { PushTarget } from './push.js'
import type { Binding, Device, Store } from './store.js'

/** Which users are to be read whole: by their names, and those who have one of the devices. */
export interface WantedUsers {
  readonly users: readonly string[]
  readonly deviceIds: readonly string[]
  readonly pushes: readonly PushTarget[]
}

/** Everything of the users that were found; expired bindings too. */
export interface LoadedUsers {
  readonly devices: readonly Device[]
  readonly bindings: readonly Binding[]
}

/** The first use of a token for a purpose. */
export interface TokenUse {
  readonly jti: string
  readonly purpose: string
  readonly holder: string | null
  /** Microseconds since the epoch. */
  readonly expiresAt: number
}

/** What is written together, one row a key; in this order. */
export interface StateChange {
  /** Devices that had another push address before, or none from now on. */
  readonly released: readonly string[]
  readonly devices: readonly Device[]
  readonly remove: readonly string[]
  readonly put: readonly Binding[]
  readonly uses: readonly TokenUse[]
}

/** What a store that is kept in memory asks of the database behind it, which no other process writes to. */
export interface BackingStore extends Store {
  loadUsers(wanted: WantedUsers): Promise<LoadedUsers>
  /** All of it or nothing. Rejects with StoreConflict where two devices would have one push address. */
  writeState(change: StateChange): Promise<void>
  tokenUses(): Promise<readonly TokenUse[]>
}
