import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../ports/clock.js'

const TIME_BYTES = 6
const RANDOM_BYTES = 6
const SIGNATURE_BYTES = 16
const SIGNED_BYTES = TIME_BYTES + RANDOM_BYTES

/**
 * Digest nonces that need no memory until they are used: each carries the time of its making under an HMAC, so a
 * flood of unauthenticated requests leaves nothing behind. Only a nonce that proved a password is remembered, with
 * its highest nonce count, and the memory is bounded: what falls out takes every older nonce with it, so that
 * forgetting never lets a replay through.
 */
export class Nonces {
  readonly #secret = randomBytes(32)
  readonly #counts = new Map<string, { readonly issuedAt: number; count: number }>()
  /** Nonces made at or before this (ms) are dead unless remembered. */
  #floor = 0

  /** `lifetimeMs`: after this a nonce is stale. `capacity`: most nonces remembered. */
  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly lifetimeMs: number,
    private readonly capacity = 50_000,
  ) {}

  issue(): string {
    const signed = Buffer.alloc(SIGNED_BYTES)
    signed.writeUIntBE(this.#nowMs(), 0, TIME_BYTES)
    randomBytes(RANDOM_BYTES).copy(signed, TIME_BYTES)
    return Buffer.concat([signed, this.#sign(signed)]).toString('base64url')
  }

  /**
   * Uses a nonce once, with a count higher than ever before (RFC 7616 §3.4). Only to be called for a response that
   * proved the password. False where the nonce is not ours, too old, or the count was used.
   */
  use(nonce: string, count: number): boolean {
    const issuedAt = this.#issuedAt(nonce)
    if (issuedAt === undefined || this.#nowMs() - issuedAt > this.lifetimeMs) return false
    const known = this.#counts.get(nonce)
    if (known) {
      if (count <= known.count) return false
      known.count = count
      return true
    }
    if (issuedAt <= this.#floor) return false
    this.#makeRoom()
    this.#counts.set(nonce, { issuedAt, count })
    return true
  }

  #makeRoom(): void {
    for (const [nonce, { issuedAt }] of this.#counts) {
      const expired = this.#nowMs() - issuedAt > this.lifetimeMs
      if (!expired && this.#counts.size < this.capacity) return
      this.#counts.delete(nonce)
      this.#floor = Math.max(this.#floor, issuedAt)
    }
  }

  #issuedAt(nonce: string): number | undefined {
    const bytes = Buffer.from(nonce, 'base64url')
    if (bytes.length !== SIGNED_BYTES + SIGNATURE_BYTES || bytes.toString('base64url') !== nonce)
      return undefined
    const signed = bytes.subarray(0, SIGNED_BYTES)
    if (!timingSafeEqual(this.#sign(signed), bytes.subarray(SIGNED_BYTES))) return undefined
    return signed.readUIntBE(0, TIME_BYTES)
  }

  #sign(signed: Buffer): Buffer {
    return createHmac('sha256', this.#secret).update(signed).digest().subarray(0, SIGNATURE_BYTES)
  }

  #nowMs(): number {
    return Math.floor(this.clock.now() / 1000)
  }
}
