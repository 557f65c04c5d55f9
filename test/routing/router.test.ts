import { beforeEach, describe, expect, test } from 'vitest'
import { createRouter, NoRoute, type Router } from '../../src/routing/router.js'
import { createSleepers } from '../../src/routing/sleepers.js'
import type { Device } from '../../src/ports/store.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { group, tableOf, user } from './support/site.js'

function app(id: string, owner: string): Device {
  const push = { provider: 'acme', token: id }
  return { id, user: owner, instance: null, push, createdAt: 0, seenAt: 0, retired: null }
}

const users = [
  user('ada', { graceMs: 0, secondResponseMs: 20_000, ringMs: 7_000 }),
  user('ben', { graceMs: 800, secondResponseMs: 5_000 }),
]
const table = tableOf({
  users,
  groups: [group('all', ['ada', 'ben']), group('turns', { ada: 5_000, ben: 9_000 })],
})

let router: Router

beforeEach(async () => {
  const [store, clock] = [new FakeStore(), new FakeClock()]
  for (const device of [app('a1', 'ada'), app('a2', 'ada'), app('b1', 'ben'), app('c1', 'cleo')]) {
    await store.putDevice(device)
  }
  router = createRouter({
    table: () => table,
    store,
    sleepers: createSleepers(clock),
    clock,
  })
})

/** Who is rung in a plan, as user:device. */
async function rung(target: Parameters<Router['route']>[0]): Promise<string[]> {
  const { plan, devices } = await router.route(target)
  const found = plan.destinations.map((d) =>
    d.kind === 'device' ? `${d.user}:${d.device.deviceId}` : d.kind,
  )
  expect(devices.map(({ id, user: owner }) => `${owner}:${id}`)).toEqual(found)
  return found
}

describe('a call', () => {
  test('to a user rings that user’s devices, by that user’s settings', async () => {
    const target = { kind: 'user', user: 'ada' } as const
    expect(await rung(target)).toEqual(['ada:a1', 'ada:a2'])
    expect((await router.route(target)).plan).toMatchObject({
      ...{ users: ['ada'], ringMs: 7_000, graceMs: 0, secondResponseMs: 20_000 },
    })
  })

  test('to a group side by side rings the devices of all, and cuts nobody’s time short', async () => {
    const target = { kind: 'group', group: 'all' } as const
    expect(router.usersOf(target)).toEqual(['ada', 'ben'])
    expect(await rung(target)).toEqual(['ada:a1', 'ada:a2', 'ben:b1'])
    expect((await router.route(target)).plan).toMatchObject({
      ...{ users: ['ada', 'ben'], ringMs: 20_000, graceMs: 800, secondResponseMs: 20_000 },
    })
  })

  test('to a group in turn rings one member’s devices at a time', async () => {
    const [first, second] = [
      { kind: 'group', group: 'turns' } as const,
      { kind: 'group', group: 'turns', member: 1 } as const,
    ]
    expect([router.usersOf(first), router.usersOf(second)]).toEqual([['ada'], ['ben']])
    expect(await rung(first)).toEqual(['ada:a1', 'ada:a2'])
    expect(await rung(second)).toEqual(['ben:b1'])
    expect((await router.route(second)).plan).toMatchObject({ ringMs: 9_000, otherwise: { kind: 'outcome' } })
  })

  test('to nobody is refused', async () => {
    await expect(router.route({ kind: 'group', group: 'none' })).rejects.toThrow(NoRoute)
  })
})
