import { randomFillSync } from 'node:crypto'

const BYTES = 16
/** Random bytes are asked for so many ids at once: each request costs as much as all of them. */
const pool = Buffer.alloc(256 * BYTES)
let used = pool.length

/** An id for a token, which nobody can guess. */
export function newTokenId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const id = pool.toString('base64url', used, used + BYTES)
  // What is given away is not kept.
  pool.fill(0, used, used + BYTES)
  used += BYTES
  return id
}
