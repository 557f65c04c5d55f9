import { describe, expect, test } from 'vitest'
import { isNextMember, type RouteTarget } from '../../src/call/plan.js'
import { resolve, type Ringing } from '../../src/routing/resolve.js'
import { createRouter } from '../../src/routing/router.js'
import { createSleepers } from '../../src/routing/sleepers.js'
import type { RoutingTable, Secondary } from '../../src/routing/table.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { group, subscriber, tableOf, trunk, user } from './support/site.js'

const CELL = '+12025550142'
const DID = '+12025550199'
const users = [user('ada'), user('ben'), user('cleo')]
const groups = [group('sales', { ben: 5_000, cleo: 5_000 })]
const trunks = [trunk('pstn', { proxy: 'sip:10.0.0.1:5070' }), trunk('in')]
const secondaries: readonly Secondary[] = [
  { kind: 'user', user: 'ben' },
  { kind: 'group', group: 'sales' },
  { kind: 'number', number: '+12025550143', trunk: 'pstn' },
  { kind: 'outside', uri: 'sip:desk@example.net', trunk: 'pstn' },
]

function table(settings: Parameters<typeof subscriber>[2] = {}): RoutingTable {
  return tableOf({
    users,
    groups,
    trunks,
    subscribers: [subscriber(CELL, 'ada', { secondaries, ...settings })],
  })
}

function primary(devices = false): RouteTarget {
  return { kind: 'subscriber', number: CELL, devices }
}

function ringing(from: RoutingTable, target: RouteTarget): Ringing {
  const to = resolve(from, target)
  if (to.kind !== 'users') throw new Error(`the target means ${to.kind}`)
  return to
}

/** Who rings, step by step, and what comes last. */
function steps(from: RoutingTable, first: RouteTarget): readonly string[] {
  const step = ringing(from, first)
  const who = [...step.users.map(({ name }) => name), ...step.outside.map(({ uri }) => uri)].join(' ')
  const { otherwise } = step
  if (otherwise.kind === 'target' && isNextMember(otherwise.target))
    return [who, ...steps(from, otherwise.target)]
  return [who, otherwise.kind]
}

describe('a call to a subscriber', () => {
  test('rings all secondaries at once, each user once', () => {
    const all = 'ben cleo sip:+12025550143@10.0.0.1:5070 sip:desk@example.net'
    expect(steps(table(), primary())).toEqual([all, 'outcome'])
    expect(ringing(table({ ringMs: 12_000 }), primary()).ringMs).toBe(12_000)
  })

  test('rings the devices of its user as well where nobody reported it', () => {
    expect(steps(table(), primary(true))[0]).toMatch(/^ada ben cleo sip:/)
  })

  test('rings one secondary after another where they go in turn, and then its no-answer target', () => {
    const inTurn = table({ strategy: 'in-turn', noAnswer: { kind: 'status', status: 486 } })
    const others = ['ben', 'ben cleo', 'sip:+12025550143@10.0.0.1:5070', 'sip:desk@example.net', 'status']
    expect(steps(inTurn, primary())).toEqual(others)
    expect(steps(inTurn, primary(true))).toEqual(['ada', ...others])
  })

  test('comes by its DID where that is its alone, and by no route then', () => {
    const all = resolve(table(), primary(true))
    for (const number of [DID, DID.slice(1)]) {
      expect(resolve(table(), { kind: 'number', number })).toEqual(all)
    }
    const two = [subscriber(CELL, 'ada'), subscriber('+12025550145', 'ben')]
    expect(tableOf({ users, subscribers: two }).number(DID)).toBeUndefined()
  })

  test('finds nobody where a reload took the subscriber away', () => {
    expect(resolve(tableOf({ users }), primary())).toMatchObject({ kind: 'nobody', ending: { status: 404 } })
  })

  test('is planned with the numbers outside beside the devices', async () => {
    const clock = new FakeClock()
    const store = new FakeStore()
    await store.putDevice({
      ...{ id: 'd1', user: 'ben', instance: null, push: { provider: 'acme', token: 't' } },
      ...{ createdAt: 0, seenAt: 0, retired: null },
    })
    const current = table()
    const router = createRouter({ table: () => current, store, clock, sleepers: createSleepers(clock) })
    const { plan } = await router.route(primary())
    expect(plan.users).toEqual(['ben', 'cleo'])
    expect(plan.destinations).toMatchObject([
      { kind: 'device', device: { deviceId: 'd1' } },
      { kind: 'outside', uri: 'sip:+12025550143@10.0.0.1:5070', trunk: 'pstn' },
      { kind: 'outside', uri: 'sip:desk@example.net', trunk: 'pstn' },
    ])
  })
})
