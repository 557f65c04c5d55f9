import { randomBytes, randomUUID } from 'node:crypto'
import { BRANCH_COOKIE } from './message/via.js'

/** Unique in space and time, as RFC 3261 §8.1.1.7 asks. */
export function newBranch(): string {
  return `${BRANCH_COOKIE}-${randomUUID()}`
}

/** At least 32 random bits are asked for (§19.3). */
export function newTag(): string {
  return randomBytes(8).toString('hex')
}

/** A Call-ID, a transaction id, a frame id. */
export function newId(): string {
  return randomUUID()
}
