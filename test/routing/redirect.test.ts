import { describe, expect, test } from 'vitest'
import { redirectAllowed } from '../../src/routing/redirect.js'
import type { Redirect, RoutingTable } from '../../src/routing/table.js'
import { group, tableOf, trunk, user } from './support/site.js'

function site(...redirect: readonly Redirect[]): RoutingTable {
  return tableOf({
    users: [
      user('alice', { numbers: ['+15551001', '7001'], redirect }),
      user('bob', { numbers: ['+15551002', '7002'] }),
      user('cleo'),
    ],
    groups: [group('sales', ['bob', 'cleo'], { numbers: ['7200'] })],
    trunks: [trunk('pstn', { proxy: 'sip:gw.example:5070;transport=tcp' }), trunk('inward')],
    routes: [
      { match: '7500', to: { kind: 'user', user: 'cleo' } },
      { match: '7600', to: { kind: 'status', status: 404 } },
      { match: '7700', to: { kind: 'user', user: 'alice' } },
    ],
  })
}

const toUser = (name: string) => ({ kind: 'user', user: name }) as const
const toNumber = (number: string) => ({ kind: 'number', number }) as const
const outside = (uri: string) => ({ kind: 'outside', uri, trunk: 'pstn' })

describe('a user may send a call', () => {
  const anyUser = { kind: 'user', user: '*' } as const
  const bob = { kind: 'user', user: 'bob' } as const
  const sales = { kind: 'group', group: 'sales' } as const
  const extensions = { kind: 'number', match: '7*' } as const
  const abroad = { kind: 'number', match: '+44*', trunk: 'pstn' } as const

  test.each([
    ['to a user who is named', bob, toUser('bob'), bob],
    ['to a user who is named, by number', bob, toNumber('+1 (555) 10-02'), bob],
    ['to any user', anyUser, toUser('cleo'), toUser('cleo')],
    ['to any user, by number', anyUser, toNumber('7002'), bob],
    ['to any user, by a number that is routed to it', anyUser, toNumber('7500'), toUser('cleo')],
    ['to a group', sales, toUser('sales'), sales],
    ['to a group, by number', sales, toNumber('7200'), sales],
    ['to a number of ours that fits', extensions, toNumber('7002'), toNumber('7002')],
    ['to a number of ours that is routed', extensions, toNumber('7500'), toNumber('7500')],
    [
      'out through a trunk',
      abroad,
      toNumber('+44 20 7946-0000'),
      outside('sip:+442079460000@gw.example:5070'),
    ],
    ['out, with 00 for +', abroad, toNumber('0044207'), outside('sip:+44207@gw.example:5070')],
  ])('%s', (_what, rule, target, to) => {
    expect(redirectAllowed(site(rule), 'alice', target)).toEqual(to)
  })

  test('by the first of its entries that fits', () => {
    const table = site(abroad, { kind: 'number', match: '*', trunk: 'pstn' })
    expect(redirectAllowed(table, 'alice', toNumber('*43#'))).toEqual(outside('sip:*43%23@gw.example:5070'))
    expect(redirectAllowed(table, 'alice', toNumber('4420'))).toEqual(outside('sip:+4420@gw.example:5070'))
  })

  test('out in the form that the pattern is written in: an extension is no country', () => {
    const table = site({ kind: 'number', match: '7*', trunk: 'pstn' })
    expect(redirectAllowed(table, 'alice', toNumber('+7495'))).toEqual(outside('sip:7495@gw.example:5070'))
    const national = site({ kind: 'number', match: '0044*', trunk: 'pstn' })
    expect(redirectAllowed(national, 'alice', toNumber('+4420'))).toEqual(
      outside('sip:004420@gw.example:5070'),
    )
  })
})

describe('a user may not send a call', () => {
  const everywhere = [
    { kind: 'user', user: '*' },
    { kind: 'number', match: '*' },
    { kind: 'number', match: '*', trunk: 'pstn' },
  ] as const

  test.each([
    ['anywhere by default', [], toUser('bob')],
    ['to a user who is not named', [{ kind: 'user', user: 'bob' }], toUser('cleo')],
    ['to a user who is not named, by number', [{ kind: 'user', user: 'cleo' }], toNumber('7002')],
    ['to a group as if it were a user', [{ kind: 'user', user: '*' }], toUser('sales')],
    ['to a number that does not fit', [{ kind: 'number', match: '7*' }], toNumber('+15551002')],
    ['to a number that nobody has', [{ kind: 'number', match: '7*' }], toNumber('7999')],
    ['to a number that is routed to a status', [{ kind: 'number', match: '7*' }], toNumber('7600')],
    ['to nobody', everywhere, toUser('zoe')],
    ['back to itself', everywhere, toUser('alice')],
    ['back to itself, by number', everywhere, toNumber('7001')],
    ['back to itself, by a route', everywhere, toNumber('7700')],
    ['through a trunk that takes no calls', [{ kind: 'number', match: '*', trunk: 'inward' }], toNumber('1')],
    [
      'within the country by a rule for abroad',
      [{ kind: 'number', match: '+*', trunk: 'pstn' }],
      toNumber('1'),
    ],
    ['to what is no number', everywhere, toNumber('1@evil.example;x=')],
    ['to a number that is longer than any', everywhere, toNumber('1'.repeat(41))],
  ] satisfies [string, readonly Redirect[], Parameters<typeof redirectAllowed>[2]][])(
    '%s',
    (_what, rules, target) => {
      expect(redirectAllowed(site(...rules), 'alice', target)).toBeUndefined()
    },
  )

  test('whom nobody knows any more', () => {
    expect(redirectAllowed(site(), 'zoe', toUser('bob'))).toBeUndefined()
  })
})
