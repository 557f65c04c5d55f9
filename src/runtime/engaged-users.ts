/** In a call are one or two. */
const NOBODY: readonly string[] = []

type Listener = (user: string, calls: number) => void

/** Who is in how many calls, by name. */
export class EngagedUsers {
  readonly #byCall = new Map<string, readonly string[]>()
  readonly #calls = new Map<string, number>()
  readonly #listeners = new Set<Listener>()

  /** Returns the function that ends it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** These are in the call now, and nobody else; a call without anybody is over. */
  set(callId: string, users: readonly string[]): void {
    const before = this.#byCall.get(callId) ?? NOBODY
    const now = users.filter((user, at) => users.indexOf(user) === at)
    if (now.length === 0) this.#byCall.delete(callId)
    else this.#byCall.set(callId, now)
    for (const user of now) if (!before.includes(user)) this.#count(user, 1)
    for (const user of before) if (!now.includes(user)) this.#count(user, -1)
  }

  #count(user: string, by: 1 | -1): void {
    const calls = (this.#calls.get(user) ?? 0) + by
    if (calls === 0) this.#calls.delete(user)
    else this.#calls.set(user, calls)
    for (const listener of this.#listeners) listener(user, calls)
  }
}
