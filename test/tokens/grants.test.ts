import { describe, expect, it } from 'vitest'
import { granted, readGrants } from '../../src/clients/tokens/grants.js'

const many = (length: number) => Array.from({ length }, (_, at) => `+1555${at}`)

describe('the grants of a token', () => {
  it.each([
    [{}, {}],
    [{ channel: true }, { channel: true }],
    [{ channel: false, register: true }, { register: true }],
    [{ fly: { to: 'the moon' } }, {}],
    [{ incoming: true }, { incoming: true }],
    [{ incoming: { as: 'alice' } }, { incoming: true }],
    [{ incoming: false }, {}],
    [{ outgoing: { to: ['+1555*', 'user:*'] } }, { outgoing: { to: ['+1555*', 'user:*'] } }],
    [
      { outgoing: { to: [], trunk: 't', callerIds: ['+15550100'], calls: 2 } },
      { outgoing: { to: [], trunk: 't', callerIds: ['+15550100'], calls: 2 } },
    ],
    [{ outgoing: { to: many(100) } }, { outgoing: { to: many(100) } }],
    [{ presence: { set: true, read: ['*'] } }, { presence: { set: true, read: ['*'] } }],
    [{ presence: { set: false } }, { presence: {} }],
  ])('are read: %j', (given, grants) => {
    expect(readGrants(given, 'alice')).toEqual(grants)
  })

  it.each([
    [null],
    [['channel']],
    [{ channel: 'yes' }],
    [{ incoming: { as: 'bob' } }],
    [{ incoming: {} }],
    [{ incoming: { as: 'alice', until: 'noon' } }],
    [{ outgoing: true }],
    [{ outgoing: {} }],
    [{ outgoing: { to: '*' } }],
    [{ outgoing: { to: [''] } }],
    [{ outgoing: { to: ['x'.repeat(257)] } }],
    [{ outgoing: { to: many(101) } }],
    [{ outgoing: { to: ['*'], hours: '9-17' } }],
    [{ outgoing: { to: ['*'], calls: 0 } }],
    [{ outgoing: { to: ['*'], calls: '2' } }],
    [{ outgoing: { to: ['*'], callerIds: '+1' } }],
    [{ outgoing: { to: ['*'], trunk: 7 } }],
    [{ presence: true }],
    [{ presence: { set: 'yes' } }],
    [{ presence: { read: '*' } }],
    [{ presence: { read: ['*'], notes: false } }],
  ])('are refused as a whole where one is not understood, which might have narrowed it: %j', (given) => {
    expect(readGrants(given, 'alice')).toBeUndefined()
  })

  it('suffice where one of those that would do is among them', () => {
    const claims = { grants: { outgoing: { to: [] } } }
    expect(granted(claims, 'outgoing')).toBe(true)
    expect(granted(claims, 'channel', 'outgoing')).toBe(true)
    expect(granted(claims, 'channel', 'incoming')).toBe(false)
    expect(granted(claims)).toBe(false)
  })
})
