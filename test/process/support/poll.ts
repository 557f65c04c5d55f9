/** Where nothing tells of it, as from another process: asks again and again. Rejects after `deadlineMs`. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  deadlineMs = 10_000,
  why: () => string = () => '',
): Promise<void> {
  const deadline = Date.now() + deadlineMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not so after ${deadlineMs} ms: ${what}${why()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
