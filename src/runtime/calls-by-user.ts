/** Which live calls are for which users. Most users have none, and most calls are for one or two. */
export class CallsByUser<Call extends object> {
  private readonly calls = new Map<string, Set<Call>>()
  private readonly users = new Map<Call, readonly string[]>()

  add(call: Call, users: readonly string[]): void {
    const known = this.users.get(call)
    const more = known === undefined ? users : users.filter((user) => !known.includes(user))
    if (more.length === 0) return
    this.users.set(call, known === undefined ? more : [...known, ...more])
    for (const user of more) {
      const calls = this.calls.get(user) ?? new Set()
      this.calls.set(user, calls.add(call))
    }
  }

  remove(call: Call): void {
    for (const user of this.users.get(call) ?? []) {
      const calls = this.calls.get(user)
      calls?.delete(call)
      if (calls?.size === 0) this.calls.delete(user)
    }
    this.users.delete(call)
  }

  /** What is there now: calls may come and go while it is read. */
  of(user: string): readonly Call[] {
    return [...(this.calls.get(user) ?? [])]
  }

  clear(): void {
    this.calls.clear()
    this.users.clear()
  }
}
