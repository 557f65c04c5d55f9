/**
 * Reliable provisionals of one INVITE, one at a time: each waits for the PRACK of the one before, and the 2xx for the
 * PRACK of the last (RFC 3262 §3). A 2xx that is handed over earlier makes a dialog of drachtio-srf's, which answers
 * the PRACK that comes then with 501.
 */
export class ReliableOrder {
  private last: Promise<void> = Promise.resolve()
  private release: () => void = () => undefined
  private abandoned = false

  /** Resolves when all that were sent are acknowledged, or will not be any more. */
  get settled(): Promise<void> {
    return this.last
  }

  /** Sends the next one in its turn; `send` is given what its PRACK calls. Rejects as `send` does. */
  async next(send: (acknowledged: () => void) => Promise<void>): Promise<void> {
    const before = this.last
    let acknowledged = (): void => undefined
    const acknowledgement = new Promise<void>((resolve) => (acknowledged = resolve))
    this.last = before.then(() => acknowledgement)
    await before
    this.release = acknowledged
    if (this.abandoned) acknowledged()
    try {
      await send(acknowledged)
    } catch (error) {
      acknowledged()
      throw error
    }
  }

  /** The INVITE is over: no PRACK is to be waited for. */
  abandon(): void {
    this.abandoned = true
    this.release()
  }
}
