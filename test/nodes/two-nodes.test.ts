import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith, postgresForFile, type TestDatabase } from '../support/postgres/index.js'
import { bridgedCalls, registrations, TwoNodes } from './support/two-nodes.js'

const postgres = await postgresForFile()
const CALLS = 20

describeWith('two nodes on one PostgreSQL and one SIP server', postgres, (server) => {
  describe.each([
    { steered: true, how: 'the one gets every INVITE, and the other every REGISTER' },
    { steered: false, how: 'each gets every second request' },
  ])('of which $how', ({ steered }) => {
    let database: TestDatabase
    let nodes: TwoNodes
    beforeAll(async () => {
      database = await server.database()
      nodes = await TwoNodes.start({ url: database.url, phones: CALLS, steered })
    })
    afterAll(async () => {
      await nodes.close()
      await database.drop()
    })

    it('wake sleeping phones for all calls, and leave nothing open', async () => {
      const { a, b } = nodes
      const report = await nodes.run({ calls: CALLS, perSecond: 20, packets: 5 })
      expect(report.failures).toEqual([])
      await nodes.quiet()
      const calls = { a: await bridgedCalls(a), b: await bridgedCalls(b) }
      // Each phone registered at the start, and when it was woken.
      const registered = { a: registrations(a), b: registrations(b) }
      const half = CALLS / 2
      expect({ calls, registered }).toEqual(
        steered
          ? { calls: { a: CALLS, b: 0 }, registered: { a: 0, b: 2 * CALLS } }
          : { calls: { a: half, b: half }, registered },
      )
      expect(registered.a + registered.b).toBe(2 * CALLS)
      for (const { logged } of [a, b]) {
        expect(logged.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
      }
    })

    it('have challenged each phone once, whichever of them it met', () => {
      const refused = [nodes.a, nodes.b].flatMap(({ logged }) =>
        logged.filter(({ msg, status }) => msg === 'REGISTER refused' && status === 401),
      )
      expect(refused).toHaveLength(CALLS)
    })
  })
})
