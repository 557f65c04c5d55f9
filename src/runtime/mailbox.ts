/**
 * Takes what happens to a call, one at a time: an event that arrives while another is being handled waits for its
 * turn, so that a call is never in two transitions at once. What goes wrong with one event is told to `fault`, and
 * costs neither the events after it nor whoever posted it: a socket or a timer.
 */
export function mailbox<E>(
  handle: (event: E) => void,
  fault: (error: unknown, event: E) => void,
): (event: E) => void {
  const waiting: E[] = []
  let busy = false
  return (event) => {
    waiting.push(event)
    if (busy) return
    busy = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        handle(next)
      } catch (error) {
        fault(error, next)
      }
    }
    busy = false
  }
}
