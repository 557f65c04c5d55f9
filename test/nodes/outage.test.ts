import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../src/adapters/postgres/index.js'
import type { MigratingStore } from '../../src/adapters/postgres/index.js'
import {
  type Caller,
  header,
  type IncomingCall,
  type OutgoingCall,
  type Phone,
} from '../../src/demo/index.js'
import { createDatabase, describeWith, ownPostgres, type TestDatabase } from '../support/postgres/index.js'
import { TestServer, users } from '../support/server.js'

const postgres = await ownPostgres()

interface Bridge {
  readonly call: OutgoingCall
  readonly incoming: IncomingCall
}

describeWith('an outage of PostgreSQL', postgres, (database) => {
  const outages = [
    { how: 'that was stopped', begin: () => database.stop(), end: () => database.restart() },
    { how: 'that was killed', begin: () => database.crash(), end: () => database.restart() },
    {
      how: 'that answers nothing any more',
      begin: () => database.freeze(),
      end: () => Promise.resolve(database.thaw()),
    },
  ]

  let own: TestDatabase
  let store: MigratingStore
  let server: TestServer
  let caller: Caller
  beforeEach(async () => {
    own = await createDatabase(database.url)
    server = await TestServer.start({
      database: {
        ...{ engine: 'postgres', path: undefined, url: own.url, node: 'a' },
        ...{ 'statement-timeout': '300ms', 'connect-timeout': '300ms' },
      },
      users: users(['ada', 'ben', 'eve'], { ring: '30s' }),
    })
    store = await openStore({ engine: 'postgres', url: own.url })
    caller = await server.caller()
  })
  afterEach(async () => {
    await server.close()
    await store.close()
    await own.drop()
  })

  async function bridge(user: string): Promise<Bridge> {
    const phone = await server.phone(user)
    expect((await phone.register()).status).toBe(200)
    const call = await caller.call(`sip:${user}@example.net`)
    const incoming = await phone.nextCall()
    await call.answered()
    await incoming.established
    return { call, incoming }
  }

  /** A call that is held for a phone that sleeps, and was pushed. */
  async function waiting(user: string): Promise<{ readonly call: OutgoingCall; readonly phone: Phone }> {
    const phone = await server.sleepingPhone(`token-${user}`, user)
    const call = await caller.call(`sip:${user}@example.net`)
    await server.push.nextDelivery(`token-${user}`)
    return { call, phone }
  }

  /** Every call in the database, once all have an ending there; each with its journal whole. */
  async function endings(count: number): Promise<readonly string[]> {
    for (;;) {
      const calls = await store.recentCalls(100)
      if (calls.length < count || calls.some(({ ending }) => ending === null)) continue
      const found = await Promise.all(calls.map(({ id }) => store.call(id)))
      const whole = found.every((one) => one?.events.some(({ type }) => type === 'ended'))
      if (!whole) continue
      for (const one of found) expect(one?.events.map(({ seq }) => seq)).toEqual(one?.events.map((_, n) => n))
      return found.map((one) => `${one?.call.user} ${one?.call.ending?.cause}`).sort()
    }
  }

  describe.each(outages)('$how', ({ begin, end }) => {
    it('costs no live call and no record of those that end meanwhile, and no phone a false 200', async () => {
      const [stays, ends, waits] = [await bridge('ada'), await bridge('ben'), await waiting('eve')]
      await begin()
      try {
        await exchangePackets(stays)
        ends.call.hangUp()
        await Promise.all([ends.call.ended, ends.incoming.ended])

        const refused = await waits.phone.wake()
        expect(refused.status).toBe(503)
        expect(Number(header(refused, 'Retry-After'))).toBeGreaterThan(0)
        const turnedAway = await caller.call('sip:ada@example.net')
        expect(await turnedAway.outcome).toMatchObject({ kind: 'failed', status: 503 })
        const readyz = await fetch(`${server.url}/readyz`)
        expect(readyz.status).toBe(503)
        expect(await readyz.json()).toMatchObject({
          parts: { database: expect.stringMatching('down') as string },
        })
        await exchangePackets(stays)
      } finally {
        await end()
      }

      // As a phone does after Retry-After; a connection from before the outage may fail once more.
      while ((await waits.phone.register()).status !== 200);
      const woken = await waits.phone.nextCall()
      await waits.call.answered()
      await woken.established
      waits.call.hangUp()
      await exchangePackets(stays)
      stays.incoming.hangUp()
      await Promise.all([waits.call.ended, stays.call.ended])

      expect(await endings(4)).toEqual(['ada failed', 'ada hung-up', 'ben hung-up', 'eve hung-up'])
      for (const lost of (await server.metric('reveille_journal_lost_rows_total')).values())
        expect(lost).toBe(0)
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    })
  })
})

/** Both hear on. */
async function exchangePackets({ call, incoming }: Bridge): Promise<void> {
  await Promise.all(
    [call, incoming].map(({ media }) => {
      const before = media.rtp.received.packets
      return media.rtp.receiver.until('10 packets more', ({ packets }) => packets >= before + 10)
    }),
  )
}
