import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PresenceRow } from '../../src/ports/presence.js'
import type { Store } from '../../src/ports/store.js'
import { fresh, someBinding, someDevice, type StoreUnderTest } from './store.contract.js'

/** 2026-01-01, in microseconds. */
const NOW = Date.UTC(2026, 0, 1) * 1000
const SECOND = 1_000_000

/** What every store does for presence. */
export function presenceContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`presence in the store on ${name}`, () => {
    let subject: StoreUnderTest
    let store: Store
    beforeAll(async () => {
      subject = await open()
      store = subject.store
    })
    afterAll(() => subject.dispose())

    const busy = { state: 'busy', note: 'at lunch', expiresAt: NOW + 10 * SECOND } as const
    const one = (rows: readonly PresenceRow[]): PresenceRow => {
      expect(rows).toHaveLength(1)
      return rows[0] as PresenceRow
    }
    const rowOf = async (user: string): Promise<PresenceRow | null> =>
      (await store.presenceOf([user], NOW))[0]?.row ?? null
    /** Of the rows that lapsed, which may be those of other tests as well. */
    const lapsed = async (user: string, now: number): Promise<PresenceRow | undefined> =>
      (await store.lapsePresence(now)).find((row) => row.user === user)

    it('knows nothing of a user of whom nothing was said', async () => {
      const user = fresh('user')
      expect(await store.presenceOf([user], NOW)).toEqual([
        { user, row: null, registeredUntil: null, wakeable: false },
      ])
      expect(await store.presenceOf([], NOW)).toEqual([])
      expect(await store.changePresence([], NOW)).toEqual([])
    })

    it('keeps what was set last, each under a higher version', async () => {
      const [user, other] = [fresh('user'), fresh('user')]
      const first = one(await store.changePresence([{ user, set: busy }], NOW))
      expect(first).toEqual({
        ...{ user, state: 'busy', note: 'at lunch', since: NOW, present: false, inCall: false },
        version: first.version,
      })
      expect(first.version).toBeGreaterThan(0)
      const away = { state: 'away', note: null, expiresAt: NOW + SECOND } as const
      const rows = await store.changePresence(
        [
          { user, set: away },
          { user: other, set: busy },
        ],
        NOW + 1,
      )
      const second = one(rows.filter((row) => row.user === user))
      expect(second).toMatchObject({ state: 'away', note: null, since: NOW + 1 })
      expect(second.version).toBeGreaterThan(first.version)
      expect(await rowOf(user)).toEqual(second)
      expect(await rowOf(other)).toMatchObject({ state: 'busy' })
    })

    it('keeps it over a restart', async () => {
      const user = fresh('user')
      const row = one(await store.changePresence([{ user, set: busy }], NOW))
      store = await subject.restart()
      expect(await rowOf(user)).toEqual(row)
      const next = one(await store.changePresence([{ user, set: busy }], NOW))
      expect(next.version).toBeGreaterThan(row.version)
    })

    it('ends a state when it expires, once', async () => {
      const user = fresh('user')
      const row = one(await store.changePresence([{ user, set: busy }], NOW))
      expect(await lapsed(user, NOW + 10 * SECOND - 1)).toBeUndefined()
      const gone = await lapsed(user, NOW + 10 * SECOND)
      expect(gone).toMatchObject({ state: null, note: null, since: NOW + 10 * SECOND, present: false })
      expect(gone?.version).toBeGreaterThan(row.version)
      expect(await rowOf(user)).toEqual(gone)
      expect(await lapsed(user, NOW + 11 * SECOND)).toBeUndefined()
    })

    it('a user is present until that was not said for a while, and says so in between for nobody to hear', async () => {
      const user = fresh('user')
      const came = one(await store.changePresence([{ user, presentUntil: NOW + 5 * SECOND }], NOW))
      expect(came).toMatchObject({ present: true, state: null, since: NOW })
      expect(await store.changePresence([{ user, presentUntil: NOW + 9 * SECOND }], NOW + 1)).toEqual([])
      expect(await store.changePresence([{ user, presentUntil: NOW + 3 * SECOND }], NOW + 2)).toEqual([])
      expect(await lapsed(user, NOW + 8 * SECOND)).toBeUndefined()
      const gone = await lapsed(user, NOW + 9 * SECOND)
      expect(gone).toMatchObject({ present: false, since: NOW + 9 * SECOND })
      expect(gone?.version).toBeGreaterThan(came.version)
    })

    it('a state without an expiry of its own ends with the presence of its user, another one does not', async () => {
      const [bound, free] = [fresh('user'), fresh('user')]
      const presentUntil = NOW + 5 * SECOND
      await store.changePresence(
        [
          { user: bound, set: { state: 'away', note: null, expiresAt: null }, presentUntil },
          { user: free, set: busy, presentUntil },
        ],
        NOW,
      )
      const rows = await store.lapsePresence(presentUntil)
      const of = (user: string) => rows.find((row) => row.user === user)
      expect(of(bound)).toMatchObject({ state: null, present: false })
      expect(of(free)).toMatchObject({ state: 'busy', since: NOW, present: false })
    })

    it('a user is in a call until its last call here is over, and no longer than the life of the server', async () => {
      const user = fresh('user')
      expect(one(await store.changePresence([{ user, inCall: true }], NOW))).toMatchObject({ inCall: true })
      expect(await store.changePresence([{ user, inCall: true }], NOW)).toEqual([])
      expect(one(await store.changePresence([{ user, inCall: false }], NOW))).toMatchObject({ inCall: false })
      expect(await store.changePresence([{ user, inCall: false }], NOW)).toEqual([])
      await store.changePresence([{ user, inCall: true }], NOW)
      expect(await lapsed(user, NOW)).toBeUndefined()
      await store.beat()
      store = await subject.restart()
      await store.beat()
      expect(await lapsed(user, NOW)).toMatchObject({ inCall: false })
    })

    it('sees who is registered, and who can be woken', async () => {
      const user = fresh('user')
      await store.writeBindings({
        put: [
          someBinding({ user, expiresAt: NOW + SECOND }),
          someBinding({ user, expiresAt: NOW + 3 * SECOND }),
        ],
        remove: [],
      })
      const facts = { user, row: null, registeredUntil: NOW + 3 * SECOND, wakeable: false }
      expect(await store.presenceOf([user], NOW)).toEqual([facts])
      await store.putDevice(someDevice({ user, push: { provider: 'acme', token: fresh('token') } }))
      expect(await store.presenceOf([user], NOW + 3 * SECOND)).toEqual([
        { ...facts, registeredUntil: null, wakeable: true },
      ])
    })

    it('takes many changes by many at once, of the same users in any order', async () => {
      const users = Array.from({ length: 40 }, () => fresh('user'))
      const set = busy
      const rounds = Array.from({ length: 8 }, (_, round) =>
        store.changePresence(
          (round % 2 === 0 ? users : users.toReversed()).map((user) => ({ user, set })),
          NOW + round,
        ),
      )
      const rows = (await Promise.all(rounds)).flat()
      expect(rows).toHaveLength(320)
      expect(new Set(rows.map(({ version }) => version)).size).toBe(320)
      for (const user of users) {
        const newest = Math.max(...rows.filter((row) => row.user === user).map(({ version }) => version))
        expect((await rowOf(user))?.version).toBe(newest)
      }
    })
  })
}
