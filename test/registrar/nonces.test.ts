import { describe, expect, it } from 'vitest'
import { FailureLimit } from '../../src/registrar/auth/failure-limit.js'
import { Nonces } from '../../src/registrar/auth/nonces.js'
import { FakeClock } from '../support/fake-clock.js'

describe('the memory for nonces', () => {
  it('never lets a forgotten nonce be replayed when it overflows', () => {
    const clock = new FakeClock()
    const nonces = new Nonces(clock, 60_000, 10)
    const issued = Array.from({ length: 50 }, () => {
      clock.advance(1)
      return nonces.issue()
    })
    for (const nonce of issued) expect(nonces.use(nonce, 1)).toBe(true)
    for (const nonce of issued) expect(nonces.use(nonce, 1)).toBe(false)
  })

  it('forgets with an old nonce only those that are older still', () => {
    const clock = new FakeClock()
    const nonces = new Nonces(clock, 60_000, 1)
    const [old, middle] = [nonces.issue(), nonces.issue()]
    clock.advance(1)
    const young = nonces.issue()
    expect(nonces.use(middle, 1)).toBe(true)
    expect(nonces.use(young, 1)).toBe(true)
    expect(nonces.use(young, 2)).toBe(true)
    expect(nonces.use(old, 1)).toBe(false)
  })

  it('makes no two nonces alike', () => {
    const nonces = new Nonces(new FakeClock(), 1000)
    expect(new Set(Array.from({ length: 1000 }, () => nonces.issue())).size).toBe(1000)
  })

  it.each(['', 'x', 'A'.repeat(43), '"', 'é'.repeat(43)])('takes %j for none of its own', (nonce) => {
    expect(new Nonces(new FakeClock(), 1000).use(nonce, 1)).toBe(false)
  })
})

describe('nodes that share a secret', () => {
  const secret = Buffer.alloc(32, 7)
  const node = (clock: FakeClock) => new Nonces(clock, 60_000, 10, secret)

  it("take each other's nonces, each count once", () => {
    const clock = new FakeClock()
    const [one, other] = [node(clock), node(clock)]
    const nonce = one.issue()
    clock.advance(10_000)
    expect(other.use(nonce, 1)).toBe(true)
    expect(other.use(nonce, 1)).toBe(false)
    clock.advance(40_000)
    expect(other.use(nonce, 2)).toBe(true)
  })

  it("do not take each other's nonces for the first time when the challenge is long past", () => {
    const clock = new FakeClock()
    const [one, other] = [node(clock), node(clock)]
    const nonce = one.issue()
    clock.advance(10_001)
    expect(other.use(nonce, 1)).toBe(false)
    expect(one.use(nonce, 1)).toBe(true)
  })

  it('take no nonce that was signed by another secret', () => {
    const clock = new FakeClock()
    expect(node(clock).use(new Nonces(clock, 60_000).issue(), 1)).toBe(false)
  })
})

describe('the memory for wrong guesses', () => {
  it('counts each key by itself and forgets the oldest key when it overflows', () => {
    const limit = new FailureLimit(new FakeClock(), { most: 1, windowMs: 1000, keys: 2 })
    for (const key of ['a', 'b']) limit.count(key)
    expect([limit.blockedFor('a'), limit.blockedFor('b'), limit.blockedFor('c')]).toEqual([1000, 1000, 0])
    limit.count('c')
    expect([limit.blockedFor('a'), limit.blockedFor('b'), limit.blockedFor('c')]).toEqual([0, 1000, 1000])
  })

  it('opens a new window when the old one is over', () => {
    const clock = new FakeClock()
    const limit = new FailureLimit(clock, { most: 2, windowMs: 1000, keys: 2 })
    limit.count('a')
    clock.advance(1000)
    limit.count('a')
    expect(limit.blockedFor('a')).toBe(0)
    limit.count('a')
    clock.advance(400)
    expect(limit.blockedFor('a')).toBe(600)
  })
})
