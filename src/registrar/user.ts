/** What the registrar needs to know of a configured user. */
export interface RegistrarUser {
  /** The user part of the address-of-record, and the digest username. */
  readonly name: string
  readonly password: string
}

/** Finds a user by name; names are case-sensitive (RFC 3261 §19.1.4). */
export type UserLookup = (name: string) => RegistrarUser | undefined
