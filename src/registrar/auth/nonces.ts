import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../ports/clock.js'

const TIME_BYTES = 6
const ISSUER_BYTES = 4
const RANDOM_BYTES = 6
const SIGNATURE_BYTES = 16
const SIGNED_BYTES = TIME_BYTES + ISSUER_BYTES + RANDOM_BYTES

/**
 * How long a nonce of another node is good for the first time: as long as a phone takes to answer a challenge. Its
 * nonce count is known there, so that what was heard on the way could be replayed here, once, for so long.
 */
const FOREIGN_MS = 10_000

/**
 * Digest nonces that need no memory until they are used: each carries the time of its making under an HMAC, so a
 * flood of unauthenticated requests leaves nothing behind. Only a nonce that proved a password is remembered, with
 * its highest nonce count, and the memory is bounded: what falls out takes every older nonce with it, so that
 * forgetting never lets a replay through.
 *
 * The SIP servers hand each request to another node: nodes that share the secret take each other's nonces.
 */
export class Nonces {
  /** This one among those who have the secret. */
  readonly #issuer = randomBytes(ISSUER_BYTES)
  readonly #counts = new Map<string, { readonly issuedAt: number; count: number }>()
  /** Nonces made at or before this (ms) are dead unless remembered. */
  #floor = 0

  /** `lifetimeMs`: after this a nonce is stale. `capacity`: most nonces remembered. */
  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly lifetimeMs: number,
    private readonly capacity = 50_000,
    private readonly secret: Uint8Array = randomBytes(32),
  ) {}

  issue(): string {
    const signed = Buffer.alloc(SIGNED_BYTES)
    signed.writeUIntBE(this.#nowMs(), 0, TIME_BYTES)
    this.#issuer.copy(signed, TIME_BYTES)
    randomBytes(RANDOM_BYTES).copy(signed, TIME_BYTES + ISSUER_BYTES)
    return Buffer.concat([signed, this.#sign(signed)]).toString('base64url')
  }

  /**
   * Uses a nonce once, with a count higher than ever before (RFC 7616 §3.4). Only to be called for a response that
   * proved the password. False where the nonce is not ours, too old, or the count was used.
   */
  use(nonce: string, count: number): boolean {
    const made = this.#read(nonce)
    if (made === undefined) return false
    const { issuedAt, foreign } = made
    const age = this.#nowMs() - issuedAt
    if (age > this.lifetimeMs) return false
    const known = this.#counts.get(nonce)
    if (known) {
      if (count <= known.count) return false
      known.count = count
      return true
    }
    if (issuedAt <= this.#floor || (foreign && age > FOREIGN_MS)) return false
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

  #read(nonce: string): { readonly issuedAt: number; readonly foreign: boolean } | undefined {
    const bytes = Buffer.from(nonce, 'base64url')
    if (bytes.length !== SIGNED_BYTES + SIGNATURE_BYTES || bytes.toString('base64url') !== nonce)
      return undefined
    const signed = bytes.subarray(0, SIGNED_BYTES)
    if (!timingSafeEqual(this.#sign(signed), bytes.subarray(SIGNED_BYTES))) return undefined
    const issuer = signed.subarray(TIME_BYTES, TIME_BYTES + ISSUER_BYTES)
    return { issuedAt: signed.readUIntBE(0, TIME_BYTES), foreign: !issuer.equals(this.#issuer) }
  }

  #sign(signed: Buffer): Buffer {
    return createHmac('sha256', this.secret).update(signed).digest().subarray(0, SIGNATURE_BYTES)
  }

  #nowMs(): number {
    return Math.floor(this.clock.now() / 1000)
  }
}
