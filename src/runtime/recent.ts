import type { Clock } from '../ports/clock.js'

/** What is remembered for a while under an id: the newest `most`, each for `keepMs` milliseconds. */
export class Recent<T> {
  private readonly entries = new Map<string, { readonly value: T; readonly until: number }>()

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly keepMs: number,
    private readonly most: number,
  ) {}

  /** In the place of what was there under the id. */
  remember(id: string, value: T): void {
    const now = this.clock.now()
    this.entries.delete(id)
    this.entries.set(id, { value, until: now + this.keepMs * 1000 })
    // In the order in which they came, so the oldest are first.
    for (const [each, { until }] of this.entries) {
      if (until > now && this.entries.size <= this.most) return
      this.entries.delete(each)
    }
  }

  find(id: string): T | undefined {
    const found = this.entries.get(id)
    return found !== undefined && found.until > this.clock.now() ? found.value : undefined
  }

  /** Finds it, and forgets it. */
  take(id: string): T | undefined {
    const found = this.find(id)
    this.entries.delete(id)
    return found
  }
}
