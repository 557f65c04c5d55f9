import { randomFillSync } from 'node:crypto'
import { BRANCH_COOKIE } from './message/via.js'

/** Random bytes are drawn for many ids at once: a call of the system for each costs more than all else about them. */
const POOL = Buffer.allocUnsafeSlow(4096)
let used = POOL.length

/** That many random bytes in hexadecimal. */
function randomHex(bytes: number): string {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL)
    used = 0
  }
  used += bytes
  return POOL.toString('hex', used - bytes, used)
}

/** Unique in space and time, as RFC 3261 §8.1.1.7 asks; who could guess it could answer for others. */
export function newBranch(): string {
  return `${BRANCH_COOKIE}-${randomHex(16)}`
}

/** At least 32 random bits are asked for (§19.3): who could guess it could end a call. */
export function newTag(): string {
  return randomHex(8)
}

/** A Call-ID, a transaction id, a frame id. */
export function newId(): string {
  return randomHex(16)
}
