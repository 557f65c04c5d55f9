/** What a user says of itself. */
export const PRESENCE_STATES = ['available', 'away', 'busy', 'do-not-disturb', 'offline'] as const
export type PresenceState = (typeof PRESENCE_STATES)[number]

/** The longest note, in characters. */
export const LONGEST_NOTE = 256

/** In which SIP phones may subscribe to it (RFC 3856, RFC 4235). */
export const EVENT_PACKAGES = ['presence', 'dialog'] as const

/** How it stands with a user, as readers are told. Times: microseconds since the epoch. */
export interface Presence {
  readonly user: string
  /** As it was set; else `available` where a call could reach the user (registered, wakeable or present), or `offline`. */
  readonly state: PresenceState
  /** The user has set it; else it is derived. */
  readonly set: boolean
  readonly note: string | null
  /** Since when the state is this one; null where nothing was ever seen of the user. */
  readonly since: number | null
  /** Counts up with what is set or seen of the user, on whichever node: of two, the one with the higher is the newer. */
  readonly version: number
  /** A phone of the user is registered. */
  readonly registered: boolean
  /** A device of the user can be woken by push. */
  readonly wakeable: boolean
  readonly inCall: boolean
}

export interface SetPresence {
  readonly state: PresenceState
  readonly note: string | null
  /** Milliseconds; null for as long as a channel of the user is there. */
  readonly expiresIn: number | null
}

/** Presence of users as clients set and read it. Whoever calls has checked what the client may. */
export interface PresenceControl {
  /** Resolves when it is written, with its version. Rejects with StoreUnavailable. */
  set(user: string, change: SetPresence): Promise<number>
  /** Rejects with StoreUnavailable. */
  read(user: string): Promise<Presence>
  /**
   * A channel of the user is open; to be called when it opens and every half a minute from then on. The user is present
   * until that has not been said for about two minutes. Never throws.
   */
  present(user: string): void
  /** @param listener is told of each newer presence of what is watched; it must not throw */
  reader(listener: (presence: Presence) => void): PresenceReader
}

/** One who reads the presence of some users. */
export interface PresenceReader {
  /**
   * Watches these users as well; the listener is told how each stands, and of each change from then on. Resolves when
   * it was told of all. Rejects with StoreUnavailable; they are watched even so.
   */
  watch(users: readonly string[]): Promise<void>
  unwatch(users: readonly string[]): void
  close(): void
}

/** What routing asks: at once, from memory. */
export interface PresenceLookup {
  /** Of a user that the configuration has rules for; undefined while the database was not heard of. */
  known(user: string): Presence | undefined
}

/** What is kept of a user; it outlives the nodes. */
export interface PresenceRow {
  readonly user: string
  readonly version: number
  /** Null where none is set. */
  readonly state: PresenceState | null
  readonly note: string | null
  readonly since: number
  /** A channel of the user is there, or was until lately. */
  readonly present: boolean
  readonly inCall: boolean
}

/** What is known of a user from everything that is stored. */
export interface PresenceFacts {
  readonly user: string
  /** Null where nothing was ever set or seen. */
  readonly row: PresenceRow | null
  /** When the last of the user's registrations ends; null where there is none. */
  readonly registeredUntil: number | null
  readonly wakeable: boolean
}

/** What changes of one user; what is undefined stays as it is. */
export interface PresenceChange {
  readonly user: string
  readonly set?: {
    readonly state: PresenceState
    readonly note: string | null
    /** Null: with the user's last channel. */
    readonly expiresAt: number | null
  }
  /** The user is present until then at least. */
  readonly presentUntil?: number
  /** Whether the user is in a call on this node. */
  readonly inCall?: boolean
}

export interface PresenceStore {
  /**
   * Applies the changes, one a user at most, and resolves with the rows that readers are to know of, each under a new
   * version, when they are written.
   */
  changePresence(changes: readonly PresenceChange[], now: number): Promise<readonly PresenceRow[]>
  /** Ends what has expired, and calls of nodes that live no more; resolves with the rows that changed. */
  lapsePresence(now: number): Promise<readonly PresenceRow[]>
  /** What is known of these users, in any order. */
  presenceOf(users: readonly string[], now: number): Promise<readonly PresenceFacts[]>
}
