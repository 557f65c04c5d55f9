import { describe, expect, test } from 'vitest'
import type { Whom } from '../../src/config/index.js'
import type { Presence } from '../../src/ports/presence.js'
import type { RingRequest } from '../../src/routing/ring.js'
import { createRouter, NoRoute, type Router } from '../../src/routing/router.js'
import { createSleepers } from '../../src/routing/sleepers.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { group, subscriber, tableOf, trunk, user } from './support/site.js'

const table = tableOf({
  users: [
    user('ada', { numbers: ['+15551001'], ringMs: 7000 }),
    user('ben', {
      ringMs: 9000,
      when: [{ presence: ['do-not-disturb'], to: { kind: 'status', status: 480 } }],
    }),
  ],
  groups: [group('turns', { ada: 5000, ben: 9000 }, { numbers: ['7200'] })],
  subscribers: [
    subscriber('+12025550142', 'ada', {
      secondaries: [{ kind: 'outside', uri: 'sip:x@10.0.0.5', trunk: 'pstn' }],
    }),
  ],
  trunks: [trunk('pstn', { proxy: 'sip:gw.example:5070' }), trunk('inward')],
  routes: [
    { match: '7500', to: { kind: 'user', user: 'ben' } },
    { match: '7600', to: { kind: 'outside', uri: 'sip:y@10.0.0.6', trunk: 'pstn' } },
    { match: '*', to: { kind: 'instructions', name: 'app' } },
  ],
  block: { patterns: ['+1976*'], country: 'US' },
})

function presence(name: string, state: Presence['state'], inCall = false): Presence {
  const rest = { set: true, note: null, since: null, version: 1, registered: true, wakeable: true }
  return { user: name, state, inCall, ...rest }
}

function routerWith(...known: readonly Presence[]): Router {
  const clock = new FakeClock()
  return createRouter({
    ...{
      table: () => table,
      store: new FakeStore(),
      sleepers: createSleepers(clock),
      clock,
      domain: 'calls.example',
    },
    presence: { known: (name) => known.find((each) => each.user === name) },
  })
}

const REQUEST: RingRequest = {
  ...{ to: [], ringMs: null, callerId: null, answerFirst: false, unless: [], trunk: null },
  ...{ otherwise: { kind: 'outcome' }, goesOn: null },
}

/** Who is rung: users by name, and URIs outside. */
async function rung(request: Partial<RingRequest>, router = routerWith()): Promise<readonly string[]> {
  const asked = { ...REQUEST, ...request }
  const { plan } = await router.ring(asked)
  expect(router.usersRung(asked)).toEqual(plan.users)
  return [...plan.users, ...plan.destinations.flatMap((each) => (each.kind === 'outside' ? each.uri : []))]
}

const number = (called: string, by: string | null = null): Whom => ({
  kind: 'number',
  number: called,
  trunk: by,
})
const uri = (to: string, by: string | null = null): Whom => ({ kind: 'uri', uri: to, trunk: by })

describe('instructions ring', () => {
  test.each([
    ['a user', { kind: 'user', user: 'ada' }, ['ada']],
    ['a client of its own, whom no configuration knows', { kind: 'client', client: 'zoe' }, ['zoe']],
    [
      'all of a group at once, though its members are asked in turn',
      { kind: 'group', group: 'turns' },
      ['ada', 'ben'],
    ],
    ['a number of a user', number('0015551001'), ['ada']],
    ['a number of a group', number('7200'), ['ada', 'ben']],
    ['a number that is routed to a user', number('7500'), ['ben']],
    ['a number that is routed out', number('7600'), ['sip:y@10.0.0.6']],
    ['the DID of a subscriber', number('+12025550199'), ['ada', 'sip:x@10.0.0.5']],
    ['a number outside', number('+15559999'), ['sip:+15559999@gw.example:5070']],
    [
      'a number of ours, where it is to go through a trunk',
      number('+15551001', 'pstn'),
      ['sip:+15551001@gw.example:5070'],
    ],
    ['a URI outside', uri('sip:desk@10.0.0.9'), ['sip:desk@10.0.0.9']],
    ['a URI of ours', uri('sip:ada@calls.example'), ['ada']],
  ] as [string, Whom, readonly string[]][])('%s', async (_what, to, who) => {
    expect(await rung({ to: [to], trunk: 'pstn' })).toEqual(who)
  })

  test('several at once, nobody twice, and whoever is there of them', async () => {
    const to: readonly Whom[] = [
      ...([{ kind: 'user', user: 'ada' }, number('+15551001'), { kind: 'user', user: 'nobody' }] as const),
      ...[number('7600'), number('7600')],
    ]
    expect(await rung({ to })).toEqual(['ada', 'sip:y@10.0.0.6'])
  })

  test('nobody whose presence they pass over, or whose own rule turns calls away', async () => {
    const router = routerWith(presence('ada', 'available', true), presence('ben', 'do-not-disturb'))
    const to: readonly Whom[] = [
      { kind: 'group', group: 'turns' },
      { kind: 'client', client: 'zoe' },
    ]
    expect(await rung({ to }, router)).toEqual(['ada', 'zoe'])
    expect(await rung({ to, unless: ['in-call'] }, router)).toEqual(['zoe'])
    expect(await rung({ to, unless: ['away', 'busy'] }, router)).toEqual(['ada', 'zoe'])
    const alone = routerWith(presence('ada', 'busy'))
    await expect(
      rung({ to: [{ kind: 'user', user: 'ada' }], unless: ['busy'] }, alone),
    ).rejects.toMatchObject({
      ending: { cause: 'no-answer', detail: 'everybody is left out by presence' },
    })
  })

  test.each([
    ['a user whom nobody knows', { kind: 'user', user: 'nobody' }, 'no user nobody'],
    ['a group that is none', { kind: 'group', group: 'none' }, 'no group none'],
    ['a number outside without a trunk', number('+15559999'), 'no trunk for +15559999'],
    [
      'a number through a trunk that takes no calls',
      number('1', 'inward'),
      'trunk inward takes no calls out',
    ],
    [
      'a URI through a trunk that takes no calls: whoever is there would be shown its credentials',
      uri('sip:a@10.0.0.9', 'inward'),
      'trunk inward takes no calls out',
    ],
    ['a URI through a trunk that is none', uri('sip:a@10.0.0.9', 'none'), 'trunk none takes no calls out'],
    [
      'a number that nobody may call',
      number('+1 976 555 0100', 'pstn'),
      '+1 976 555 0100 is on the block list',
    ],
    ['one in another spelling', number('0019765550100', 'pstn'), '0019765550100 is on the block list'],
    [
      'a URI of a number that nobody may call',
      uri('sip:%2B1-976-5550100;x=y@10.0.0.9', 'pstn'),
      'sip:%2B1-976-5550100;x=y@10.0.0.9 is on the block list',
    ],
    ['a URI without a trunk', uri('sip:a@10.0.0.9'), 'no trunk for sip:a@10.0.0.9'],
  ] as [string, Whom, string][])('not %s', async (_what, to, detail) => {
    const ringing = rung({ to: [to] })
    await expect(ringing).rejects.toBeInstanceOf(NoRoute)
    await expect(ringing).rejects.toMatchObject({ ending: { cause: 'not-found', detail } })
    expect(routerWith().usersRung({ ...REQUEST, to: [to] })).toEqual([])
  })

  test('for as long as they say, or as the settings of those who are rung', async () => {
    const router = routerWith()
    const to: readonly Whom[] = [{ kind: 'group', group: 'turns' }]
    expect((await router.ring({ ...REQUEST, to })).plan.ringMs).toBe(9000)
    expect((await router.ring({ ...REQUEST, to, ringMs: 3000 })).plan.ringMs).toBe(3000)
  })

  test('with what comes after it, and the caller id', async () => {
    const here = { kind: 'instructions', name: 'app', step: 2 } as const
    const to: readonly Whom[] = [{ kind: 'user', user: 'ada' }]
    const request = { ...REQUEST, to, goesOn: here, otherwise: { kind: 'target', target: here } as const }
    const routed = await routerWith().ring({ ...request, callerId: '+15550100', answerFirst: true })
    expect(routed).toMatchObject({
      callerId: '+15550100',
      plan: { goesOn: here, otherwise: request.otherwise, answerFirst: true },
    })
    expect(await routerWith().ring(request)).not.toHaveProperty('callerId')
  })
})
