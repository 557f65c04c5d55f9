/** What was opened, in order; it is closed the other way round. */
export class Lifetime {
  private readonly closers: (() => unknown)[] = []

  own<T extends { close(): unknown }>(part: T): T {
    this.closers.push(() => part.close())
    return part
  }

  onClose(close: () => unknown): void {
    this.closers.push(close)
  }

  /** Closes everything, one part after another; what goes wrong with one is thrown when all are closed. Idempotent. */
  async close(): Promise<void> {
    const faults: unknown[] = []
    for (let close = this.closers.pop(); close !== undefined; close = this.closers.pop()) {
      try {
        await close()
      } catch (error) {
        faults.push(error)
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'not every part could be closed')
  }
}

/** What it opens is closed again where it fails. */
export async function assembled<T>(assemble: (life: Lifetime) => Promise<T>): Promise<T> {
  const life = new Lifetime()
  try {
    return await assemble(life)
  } catch (error) {
    await life.close()
    throw error
  }
}
