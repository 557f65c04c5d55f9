import { describe, expect, test } from 'vitest'
import type { RouteTarget } from '../../src/call/plan.js'
import type { Presence, PresenceState } from '../../src/ports/presence.js'
import { createRouter, NoRoute, type Router } from '../../src/routing/router.js'
import { createSleepers } from '../../src/routing/sleepers.js'
import type { PresenceRule } from '../../src/routing/table.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { group, tableOf, user } from './support/site.js'

const rule = (presence: PresenceRule['presence'], to: PresenceRule['to']): PresenceRule => ({ presence, to })
const to = (name: string): RouteTarget => ({ kind: 'user', user: name })
const BUSY_HERE = { kind: 'status', status: 486 } as const

const table = tableOf({
  users: [
    user('ada', {
      numbers: ['+15550100'],
      when: [
        rule(['in-call'], BUSY_HERE),
        rule(['busy', 'away'], to('ben')),
        rule(['offline'], { kind: 'instructions', name: 'voicemail' }),
        rule(['busy'], to('cleo')),
      ],
    }),
    user('ben', { when: [rule(['away'], to('ada')), rule(['do-not-disturb'], BUSY_HERE)] }),
    user('cleo'),
  ],
  groups: [group('all', ['ada', 'ben', 'cleo']), group('turns', { ben: 5_000, cleo: 5_000 })],
})

/** A router while users are so; of those that are not named nothing is known. */
async function when(states: Readonly<Record<string, PresenceState | 'in-call'>>): Promise<Router> {
  const clock = new FakeClock()
  const store = new FakeStore()
  for (const name of ['ada', 'ben', 'cleo']) {
    const push = { provider: 'acme', token: name }
    await store.putDevice({
      ...{ id: `of-${name}`, user: name, instance: null, push, createdAt: 0, seenAt: 0, retired: null },
    })
  }
  const known = (name: string): Presence | undefined => {
    const state = states[name]
    if (state === undefined) return undefined
    return {
      ...{ user: name, set: true, note: null, since: 1, version: 1, registered: true, wakeable: true },
      ...{ state: state === 'in-call' ? 'available' : state, inCall: state === 'in-call' },
    }
  }
  return createRouter({
    table: () => table,
    store,
    sleepers: createSleepers(clock),
    clock,
    presence: { known },
  })
}

async function rung(router: Router, target: RouteTarget): Promise<readonly string[]> {
  const { plan } = await router.route(target)
  expect(router.usersOf(target)).toEqual(plan.users)
  return plan.users
}

describe('a call to a user with rules about presence', () => {
  test('rings the user where none of them holds, or nothing is known', async () => {
    expect(await rung(await when({ ada: 'available' }), to('ada'))).toEqual(['ada'])
    expect(await rung(await when({}), to('ada'))).toEqual(['ada'])
  })

  test('goes where the first rule says that holds, by name, number and as a client alike', async () => {
    const router = await when({ ada: 'busy' })
    expect(await rung(router, to('ada'))).toEqual(['ben'])
    expect(await rung(router, { kind: 'number', number: '+15550100' })).toEqual(['ben'])
    expect(await rung(router, { kind: 'client', client: 'ada' })).toEqual(['ben'])
    expect(router.aim(to('ada'))).toEqual(to('ben'))
  })

  test('is turned away with the status of a rule', async () => {
    const router = await when({ ada: 'in-call' })
    const refused = await router.route(to('ada')).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(NoRoute)
    expect((refused as NoRoute).ending).toMatchObject({ status: 486 })
    expect(router.usersOf(to('ada'))).toEqual([])
    expect(router.aim(to('ada'))).toEqual(to('ada'))
  })

  test('goes on by the rules of whom it is sent to', async () => {
    const router = await when({ ada: 'busy', ben: 'do-not-disturb' })
    await expect(router.route(to('ada'))).rejects.toThrow(NoRoute)
  })

  test('rings the first after all where two send each other their calls', async () => {
    const router = await when({ ada: 'away', ben: 'away' })
    expect(await rung(router, to('ada'))).toEqual(['ada'])
    expect(await rung(router, to('ben'))).toEqual(['ben'])
  })

  test('may be for instructions to direct', async () => {
    expect((await when({ ada: 'offline' })).aim(to('ada'))).toEqual({
      kind: 'instructions',
      name: 'voicemail',
    })
  })
})

describe('a call to a group', () => {
  test('leaves out who turns calls away, and rings who sends them elsewhere', async () => {
    const router = await when({ ada: 'busy', ben: 'do-not-disturb', cleo: 'do-not-disturb' })
    expect(await rung(router, { kind: 'group', group: 'all' })).toEqual(['ada', 'cleo'])
  })

  test('in turn goes past who turns calls away', async () => {
    const router = await when({ ben: 'do-not-disturb' })
    const { plan } = await router.route({ kind: 'group', group: 'turns' })
    expect(plan).toMatchObject({
      ...{ users: [], destinations: [] },
      otherwise: { kind: 'target', target: { kind: 'group', group: 'turns', member: 1 } },
    })
    expect(await rung(router, { kind: 'group', group: 'turns', member: 1 })).toEqual(['cleo'])
  })
})
