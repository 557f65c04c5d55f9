import { describe, expect, test } from 'vitest'
import type { Route } from '../../src/routing/table.js'
import { group, tableOf, trunk, user } from './support/site.js'

describe('a number', () => {
  const routes: Route[] = [
    { match: '+1555*', to: { kind: 'user', user: 'desk' } },
    { match: '911', to: { kind: 'status', status: 403 } },
    { match: '*', to: { kind: 'status', status: 484 } },
  ]
  const numbers = tableOf({
    users: [user('alice', { numbers: ['+15551001'] }), user('desk')],
    groups: [group('sales', ['alice', 'desk'], { numbers: ['+15551200'] })],
    routes,
  })

  test.each([
    ['its owner, before any route', '+15551001', { kind: 'user', user: 'alice' }],
    ['its owner, written without the plus', '15551001', { kind: 'user', user: 'alice' }],
    ['its owner, written with 00', '0015551001', { kind: 'user', user: 'alice' }],
    ['the group that owns it', '0015551200', { kind: 'group', group: 'sales' }],
    ['a group by name', 'sales', { kind: 'group', group: 'sales' }],
    ['the first route whose pattern fits', '+15559999', { kind: 'user', user: 'desk' }],
    ['an exact route', '911', { kind: 'status', status: 403 }],
    ['the last resort', '7', { kind: 'status', status: 484 }],
    ['a user by name', 'desk', { kind: 'user', user: 'desk' }],
  ])('leads to %s', (_what, called, to) => {
    expect(numbers.number(called)).toEqual(to)
  })

  test('that nobody has leads nowhere', () => {
    const alice = user('alice', { numbers: ['+15551001'] })
    expect(tableOf({ users: [alice] }).number('+15551002')).toBeUndefined()
  })

  test.each([
    '+5352345678',
    '0115391234567',
    '+00535234567',
    '535234567;ext=1',
    '+53/5234-567',
    '+53~5234567',
  ])('that nobody may call is found in the spelling %s', (text) => {
    expect(tableOf({ block: { patterns: ['+53*'], country: 'US' } }).blocked(text)).toBe(true)
  })

  test.each(['+12025550123', '5300', '911', 'bob', 'tablet-5352345678', '', ';'])(
    'or name that may be called is not taken for a blocked one: %s',
    (text) => {
      expect(tableOf({ block: { patterns: ['+53*'], country: 'US' } }).blocked(text)).toBe(false)
    },
  )
})

describe('a trunk', () => {
  const trunks = tableOf({
    trunks: [
      trunk('inner', { match: ['10.1.0.0/16'] }),
      trunk('outer', { match: ['10.0.0.0/8', '192.0.2.7'] }),
      trunk('six', { match: ['2001:db8::/32'] }),
    ],
  })

  test.each([
    ['by network', '10.2.3.4', 'outer'],
    ['by the first network that holds the address', '10.1.3.4', 'inner'],
    ['by a single address', '192.0.2.7', 'outer'],
    ['by an IPv6 network', '2001:db8::5', 'six'],
    ['by an IPv4 address that came mapped into IPv6', '::ffff:10.2.3.4', 'outer'],
  ])('is known %s', (_what, address, name) => {
    expect(trunks.trunkOf(address)?.name).toBe(name)
  })

  test('is not made of strangers', () => {
    expect(trunks.trunkOf('203.0.113.1')).toBeUndefined()
    expect(trunks.trunkOf('not an address')).toBeUndefined()
  })
})
