import { describe, expect, it } from 'vitest'
import { createLocalBus } from '../../src/adapters/bus/local.js'
import { createRevocations } from '../../src/clients/tokens/revocations.js'
import { createTokens } from '../../src/clients/tokens/tokens.js'
import { StoreUnavailable } from '../../src/ports/store.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { RecordingLog } from '../wake/recording-log.js'
import { sharedKeys } from './keys.js'

const clock = new FakeClock()

/** Nodes on one database, that hear each other. */
function nodes() {
  const [store, log] = [new FakeStore(), new RecordingLog()]
  const bus = createLocalBus({ log })
  const node = (hears = true) => {
    const revocations = createRevocations({ store, bus, clock, log })
    if (hears) bus.subscribe((message) => revocations.heard(message))
    return revocations
  }
  return { store, node }
}

const token = (client: string, jti: string, issuedAt = clock.now()) => ({ client, jti, issuedAt })

describe('revocations', () => {
  it('make one token worthless, on every node, and no other', async () => {
    const { node } = nodes()
    const [here, there] = [node(), node()]
    await here.revokeToken('one')
    for (const each of [here, there]) {
      expect(each.revoked(token('app', 'one'))).toBe(true)
      expect(each.revoked(token('app', 'two'))).toBe(false)
    }
  })

  it('make what was issued to a client until then worthless, and nothing that it gets later', async () => {
    const { node } = nodes()
    const here = node()
    const before = token('app', 'before')
    await here.revokeClient('app')
    expect(here.revoked(before)).toBe(true)
    expect(here.revoked(token('app', 'of nobody knows when', 0))).toBe(true)
    expect(here.revoked(token('other', 'another client’s', before.issuedAt))).toBe(false)
    expect(here.revoked(token('app', 'after', before.issuedAt + 1000))).toBe(false)
  })

  it('are known to a node that starts, and to one that missed them, once it looks', async () => {
    const { node } = nodes()
    const [here, deaf] = [node(), node(false)]
    await deaf.catchUp()
    await here.revokeToken('one')
    await here.revokeClient('app')
    expect(deaf.revoked(token('x', 'one'))).toBe(false)
    const started = node()
    for (const each of [deaf, started]) {
      await each.catchUp()
      expect(each.revoked(token('x', 'one'))).toBe(true)
      expect(each.revoked(token('app', 'any'))).toBe(true)
    }
  })

  it('are not made, and not half made, while the database is away', async () => {
    const { store, node } = nodes()
    const [here, there] = [node(), node()]
    store.failWhile((method) => method === 'revoke')
    await expect(here.revokeToken('one')).rejects.toBeInstanceOf(StoreUnavailable)
    for (const each of [here, there]) expect(each.revoked(token('app', 'one'))).toBe(false)
  })

  it('are told to who listens, once each', async () => {
    const { node } = nodes()
    const here = node()
    let heard = 0
    const stop = here.subscribe(() => (heard += 1))
    await here.revokeToken('one')
    await here.catchUp()
    expect(heard).toBe(1)
    stop()
    await here.revokeToken('two')
    expect(heard).toBe(1)
  })

  it('are looked up for each client token that is shown', async () => {
    const { node } = nodes()
    const here = node()
    const tokens = createTokens({ keys: await sharedKeys(), clock, revoked: here.revoked })
    const claims = { client: 'app', user: 'alice', grants: {}, expiresAt: clock.now() + 60e6 }
    const [first, second] = [
      await tokens.mintClient(claims),
      await tokens.mintClient({ ...claims, jti: 'x' }),
    ]
    await here.revokeToken('x')
    expect(await tokens.verifyClient(second)).toEqual({ fault: 'revoked' })
    expect(await tokens.verifyClient(first)).toMatchObject(claims)
    await here.revokeClient('app')
    expect(await tokens.verifyClient(first)).toEqual({ fault: 'revoked' })
  })
})
