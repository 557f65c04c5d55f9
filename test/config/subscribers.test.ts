import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config/index.js'

const REST = `
users: {ada: {numbers: ['+12025550100']}, ben: {}}
trunks: {in: {match: [127.0.0.1]}, out: {proxy: 'sip:10.0.0.1'}}
`

/** What is wrong with a subscriber, without the place. */
function complaints(subscriber: string, more = ''): string[] {
  try {
    parseConfig(`subscribers: {'+12025550142': ${subscriber}}${REST}${more}`, 'r.yaml', {})
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ key, message }) => `${key}: ${message}`)
    throw error
  }
  return []
}

/** A subscriber that is right but for what is put in its place. */
function one(settings: Readonly<Record<string, string>>): string {
  const all = { user: 'ada', did: "'+12025550199'", secondaries: '[{user: ben}]', ...settings }
  return `{${Object.entries(all)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')}}`
}

const AT = 'subscribers.+12025550142'

describe('a subscriber', () => {
  it('is right with a user, a DID and somebody to ring', () => {
    expect(complaints(one({}))).toEqual([])
    expect(
      complaints(
        one({ 'no-reply': '30', country: 'DE', 'test-trunk': 'out', carrier: 'x' }),
        'carriers: {x: {}}',
      ),
    ).toEqual([])
  })

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['a user who is not there', { user: 'adda' }, `${AT}.user: there is no user adda; did you mean ada?`],
    [
      'a DID that is a number of somebody',
      { did: "'+12025550100'" },
      `${AT}.did: is a number of user ada already`,
    ],
    ['a DID without its country', { did: '2025550199' }, `${AT}.did: expected a number in full`],
    [
      'itself as its DID',
      { did: "'+12025550142'" },
      `${AT}: is a DID: its calls would be forwarded to itself`,
    ],
    [
      'a carrier that nobody knows',
      { carrier: 'gms' },
      `${AT}.carrier: there is no carrier gms; did you mean gsm?`,
    ],
    [
      'nobody to ring',
      { secondaries: '[]' },
      `${AT}.secondaries: expected at least one secondary destination`,
    ],
    [
      'a secondary that is two',
      { secondaries: '[{user: ben, group: g}]' },
      `${AT}.secondaries[0]: needs exactly one of user, group, number and uri`,
    ],
    [
      'a number without a trunk',
      { secondaries: "[{number: '7000'}]" },
      `${AT}.secondaries[0]: a number or uri needs a trunk, and nothing else has one`,
    ],
    [
      'a number through a trunk that leads nowhere',
      { secondaries: "[{number: '7000', trunk: in}]" },
      `${AT}.secondaries[0].trunk: trunk in has no proxy that a call could go out to`,
    ],
    [
      'itself as a secondary',
      { secondaries: "[{number: '12025550142', trunk: out}]" },
      `${AT}.secondaries[0].number: is the cell phone itself`,
    ],
    [
      'a DID as a secondary',
      { secondaries: "[{number: '+12025550199', trunk: out}]" },
      `${AT}.secondaries[0].number: is a DID: the call would come back`,
    ],
    [
      'a trunk for tests that leads nowhere',
      { 'test-trunk': 'in' },
      `${AT}.test-trunk: trunk in has no proxy that a call could go out to`,
    ],
    ['a trunk for tests that is not there', { 'test-trunk': 'x' }, `${AT}.test-trunk: there is no trunk x`],
    [
      'a country that there is not',
      { country: 'zz' },
      `${AT}.country: expected the two letters of a country, such as us or de, got "zz"`,
    ],
    [
      'seconds that no network takes',
      { 'no-reply': '12s' },
      `${AT}.no-reply: expected 5, 10, 15, 20, 25 or 30 seconds, got "12s"`,
    ],
  ])('says what is wrong with %s', (_, settings, complaint) => {
    const found = complaints(one(settings))
    expect(
      found.some((each) => each.startsWith(complaint)),
      found.join('\n'),
    ).toBe(true)
  })
})
