/** Whoever a mailbox is of. */
export interface Recipient<E> {
  handle(event: E): void
  /** What went wrong with one event. */
  fault(error: unknown, event: E): void
}

/**
 * Takes what happens to a call, one at a time: an event that arrives while another is being handled waits for its
 * turn, so that a call is never in two transitions at once. What goes wrong with one event costs neither the events
 * after it nor whoever posted it: a socket or a timer.
 */
export class Mailbox<E> {
  private waiting: E[] | undefined
  private busy = false

  constructor(private readonly recipient: Recipient<E>) {}

  post(event: E): void {
    if (this.busy) {
      this.waiting ??= []
      this.waiting.push(event)
      return
    }
    this.busy = true
    this.take(event)
    for (let next = this.waiting?.shift(); next !== undefined; next = this.waiting?.shift()) this.take(next)
    // Most events are alone: a call that waits has no list.
    this.waiting = undefined
    this.busy = false
  }

  private take(event: E): void {
    try {
      this.recipient.handle(event)
    } catch (error) {
      this.recipient.fault(error, event)
    }
  }
}
