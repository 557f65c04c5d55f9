import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Revocation } from '../../src/ports/revocations.js'
import type { Store } from '../../src/ports/store.js'
import { fresh, type StoreUnderTest } from './store.contract.js'

/** 2026-01-01, in microseconds. */
const NOW = Date.UTC(2026, 0, 1) * 1000

/** What every store does for client tokens that are revoked. */
export function revocationsContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`revocations in the store on ${name}`, () => {
    let subject: StoreUnderTest
    let store: Store
    beforeAll(async () => {
      subject = await open()
      store = subject.store
    })
    afterAll(() => subject.dispose())

    const all = async (mark = 0): Promise<readonly Revocation[]> =>
      (await store.revocations(mark)).revocations

    it('keeps what was revoked over a restart', async () => {
      const [token, client] = [
        { kind: 'token', id: fresh('jti'), at: NOW },
        { kind: 'client', client: fresh('app'), at: NOW + 1 },
      ] as const
      await store.revoke(token)
      await store.revoke(client)
      store = await subject.restart()
      expect(await all()).toEqual(expect.arrayContaining([token, client]))
    })

    it('knows a client’s tokens as revoked up to the latest instant that was said', async () => {
      const client = fresh('app')
      for (const at of [NOW + 5, NOW + 9, NOW + 7]) await store.revoke({ kind: 'client', client, at })
      const said = (await all()).filter((one) => one.kind === 'client' && one.client === client)
      expect(said).toEqual([{ kind: 'client', client, at: NOW + 9 }])
    })

    it('tells a token and a client of one name apart', async () => {
      const name = fresh('name')
      const both = [
        { kind: 'token', id: name, at: NOW },
        { kind: 'client', client: name, at: NOW },
      ] as const
      for (const one of both) await store.revoke(one)
      expect(await all()).toEqual(expect.arrayContaining([...both]))
    })

    it('says what was written since it was last asked', async () => {
      const { mark } = await store.revocations(0)
      const later = { kind: 'token', id: fresh('jti'), at: NOW } as const
      await store.revoke(later)
      expect(await all(mark)).toContainEqual(later)
    })
  })
}
