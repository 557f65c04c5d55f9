import { describe, expect, test } from 'vitest'
import type { Otherwise, RouteTarget } from '../../src/call/plan.js'
import { resolve, type Ringing } from '../../src/routing/resolve.js'
import type { RoutingTable } from '../../src/routing/table.js'
import { group, tableOf, user } from './support/site.js'

const noAnswer = { kind: 'user', user: 'dora' } as const
const users = [user('ada'), user('ben', { ringMs: 1, noAnswer }), user('cleo')]
const names = users.map(({ name }) => name)

function ringing(table: RoutingTable, target: RouteTarget): Ringing {
  const to = resolve(table, target)
  if (to.kind !== 'users') throw new Error(`the target means ${to.kind}`)
  return to
}

/** Who rings when, for how long, and what comes after the last. */
function turns(table: RoutingTable, first: RouteTarget): { turns: string[]; last: Otherwise } {
  const seen: string[] = []
  for (let target = first; ;) {
    const step = ringing(table, target)
    seen.push(`${step.users.map(({ name }) => name).join('+')} ${step.ringMs}`)
    const { otherwise } = step
    if (otherwise.kind !== 'target' || otherwise.target.kind !== 'group')
      return { turns: seen, last: otherwise }
    target = otherwise.target
  }
}

describe('a group side by side', () => {
  test('is all of its members at once, for as long as the group says', () => {
    const table = tableOf({ users, groups: [group('sales', names, { ringMs: 12_000 })] })
    const step = ringing(table, { kind: 'group', group: 'sales' })
    expect(step.users.map(({ name }) => name)).toEqual(names)
    expect(step).toMatchObject({ ringMs: 12_000, otherwise: { kind: 'outcome' } })
  })

  test('goes on to its own no-answer target, and not to a member’s', () => {
    const table = tableOf({
      users,
      groups: [group('sales', ['ben'], { noAnswer: { kind: 'status', status: 486 } })],
    })
    expect(ringing(table, { kind: 'group', group: 'sales' }).otherwise).toEqual({
      kind: 'status',
      status: 486,
    })
  })

  test('is reached by its number and by routes', () => {
    const sales = group('sales', names, { numbers: ['7200'] })
    const routes = [{ match: '+1*', to: { kind: 'group', group: 'sales' } }] as const
    const table = tableOf({ users, groups: [sales], routes })
    const direct = resolve(table, { kind: 'group', group: 'sales' })
    expect(resolve(table, { kind: 'number', number: '7200' })).toEqual(direct)
    expect(resolve(table, { kind: 'number', number: '+1555' })).toEqual(direct)
  })
})

describe('a group in turn', () => {
  test('is one member after another, each with its time, and then the no-answer target', () => {
    const sales = group('sales', { ada: 5_000, ben: 10_000, cleo: 20_000 }, { noAnswer })
    const table = tableOf({ users, groups: [sales] })
    expect(turns(table, { kind: 'group', group: 'sales' })).toEqual({
      turns: ['ada 5000', 'ben 10000', 'cleo 20000'],
      last: { kind: 'target', target: noAnswer },
    })
  })

  test('that got shorter while it rang is over', () => {
    const table = tableOf({ users, groups: [group('sales', { ada: 5_000 }, { noAnswer })] })
    const step = ringing(table, { kind: 'group', group: 'sales', member: 2 })
    expect(step).toMatchObject({ users: [], otherwise: { kind: 'target', target: noAnswer } })
  })
})

test('a group that is gone leads to nobody', () => {
  expect(resolve(tableOf({ users }), { kind: 'group', group: 'sales' })).toMatchObject({
    kind: 'nobody',
    ending: { cause: 'not-found', status: 404 },
  })
})
