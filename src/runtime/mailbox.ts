/**
 * Takes what happens to a call, one at a time: an event that arrives while another is being handled waits for its
 * turn, so that a call is never in two transitions at once.
 */
export function mailbox<E>(handle: (event: E) => void): (event: E) => void {
  const waiting: E[] = []
  let busy = false
  return (event) => {
    waiting.push(event)
    if (busy) return
    busy = true
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) handle(next)
    } finally {
      busy = false
    }
  }
}
