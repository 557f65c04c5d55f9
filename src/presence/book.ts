import type { Presence, PresenceFacts, PresenceRow } from '../ports/presence.js'
import { sameView, viewOf } from './view.js'

export type Listener = (presence: Presence) => void

interface Entry {
  facts: PresenceFacts
  /** Undefined until the database was heard of. */
  view: Presence | undefined
  readonly listeners: Set<Listener>
  /** When it was read last, microseconds since the epoch. */
  readAt: number
}

/** What this node knows of the users that somebody here watches. */
export class Book {
  readonly #entries = new Map<string, Entry>()

  constructor(private readonly now: () => number) {}

  get size(): number {
    return this.#entries.size
  }

  known(user: string): Presence | undefined {
    return this.#entries.get(user)?.view
  }

  /** Who is not {@link known} then is to be read. */
  watch(user: string, listener: Listener): void {
    const known = this.#entries.get(user)
    if (known !== undefined) {
      known.listeners.add(listener)
      return
    }
    const facts = { user, row: null, registeredUntil: null, wakeable: false }
    this.#entries.set(user, { facts, view: undefined, listeners: new Set([listener]), readAt: 0 })
  }

  unwatch(user: string, listener: Listener): void {
    const entry = this.#entries.get(user)
    entry?.listeners.delete(listener)
    if (entry?.listeners.size === 0) this.#entries.delete(user)
  }

  /** What was written, here or elsewhere; older than what is known, it says nothing. */
  heard(row: PresenceRow): void {
    const entry = this.#entries.get(row.user)
    if (entry === undefined || row.version <= (entry.facts.row?.version ?? 0)) return
    entry.facts = { ...entry.facts, row }
    // Before the first read the rest is not known.
    if (entry.view !== undefined) this.#look(entry)
  }

  /** What was read. */
  learned(facts: PresenceFacts): void {
    const entry = this.#entries.get(facts.user)
    if (entry === undefined) return
    const known = entry.facts.row
    const newer = (facts.row?.version ?? 0) >= (known?.version ?? 0) ? facts.row : known
    entry.facts = { ...facts, row: newer }
    entry.readAt = this.now()
    this.#look(entry)
  }

  /** True where this says something that was not known, and the rest has to be read. */
  registered(user: string, expiresAt: number): boolean {
    const entry = this.#entries.get(user)
    if (entry === undefined) return false
    if (entry.view?.registered !== true) return true
    const until = Math.max(entry.facts.registeredUntil ?? 0, expiresAt)
    entry.facts = { ...entry.facts, registeredUntil: until }
    return false
  }

  watches(user: string): boolean {
    return this.#entries.has(user)
  }

  /** Those whose last registration has ended by what is known, and those that were not read since `before`. */
  stale(before: number): string[] {
    const now = this.now()
    const stale: string[] = []
    for (const [user, { view, facts, readAt }] of this.#entries) {
      const over = view?.registered === true && (facts.registeredUntil ?? 0) <= now
      if (over || readAt < before) stale.push(user)
    }
    return stale
  }

  #look(entry: Entry): void {
    const view = viewOf(entry.facts, this.now(), entry.view)
    if (entry.view !== undefined && sameView(entry.view, view)) return
    entry.view = view
    for (const listener of [...entry.listeners]) listener(view)
  }
}
