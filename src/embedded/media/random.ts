import { randomFillSync } from 'node:crypto'

/** A call of the generator costs some microseconds, however few bytes it is for: so many are drawn at once. */
const drawn = new Uint32Array(256)
let left = 0

/** 32 random bits. */
export function random32(): number {
  if (left === 0) left = randomFillSync(drawn).length
  left -= 1
  return drawn[left]!
}

/** 96 random bits in characters of base64: a name that tells nothing (RFC 7022 §4.2). */
export function randomName(): string {
  return Buffer.from(Uint32Array.of(random32(), random32(), random32()).buffer).toString('base64')
}
