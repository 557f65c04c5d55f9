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
let store: FakeStore

beforeEach(async () => {
  const clock = new FakeClock()
  store = new FakeStore()
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

  test('to a client of its own rings the devices of that name, by the settings of all such', async () => {
    const target = { kind: 'client', client: 'cleo' } as const
    expect(await rung(target)).toEqual(['cleo:c1'])
    expect(router.usersOf(target)).toEqual(['cleo'])
    expect((await router.route(target)).plan).toMatchObject({
      ...{ users: ['cleo'], ringMs: 30_000, graceMs: 300, secondResponseMs: 15_000 },
    })
    await expect(router.route({ kind: 'user', user: 'cleo' })).rejects.toBeInstanceOf(NoRoute)
    await expect(router.route({ kind: 'number', number: 'cleo' })).rejects.toBeInstanceOf(NoRoute)
  })

  test('to a client that is a user is a call to the user', async () => {
    expect(await rung({ kind: 'client', client: 'ada' })).toEqual(['ada:a1', 'ada:a2'])
    expect((await router.route({ kind: 'client', client: 'ada' })).plan).toMatchObject({ ringMs: 7_000 })
  })

  test('wakes an app that has a push token or a channel, and says of each whether it calls in', async () => {
    const found = await Promise.all(
      [app('x1', 'xena'), { ...app('x2', 'xena'), push: null, callsIn: true as const }].map(
        async (device) => {
          await store.putDevice(device)
          return device.id
        },
      ),
    )
    await store.putDevice({ ...app('x3', 'xena'), push: null, retired: { at: 1, reason: 'answered 410' } })
    const { plan } = await router.route({ kind: 'client', client: 'xena' })
    const refs = plan.destinations.map((one) => (one.kind === 'device' ? one.device : one))
    expect(refs).toEqual([
      { deviceId: found[0], wakeable: true, callsIn: false },
      { deviceId: found[1], wakeable: true, callsIn: true },
    ])
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
