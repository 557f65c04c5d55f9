import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/index.js'

const parse = (text: string) => parseConfig(text, 'test.yaml', {})
const TRUNKS = 'trunks: { carrier: { proxy: "sip:192.0.2.1" }, inbound: { match: [192.0.2.0/24] } }\n'

describe('calls out', () => {
  test('have defaults that let nobody call, and hold those who may', () => {
    const { outgoing, users } = parse('users: { alice: {} }')
    expect(outgoing).toEqual({
      ...{ ringback: 'ringing', tone: 'us', accept: 'tone' },
      ...{ calls: 5, perMinute: 30, block: [], limits: [] },
    })
    expect(users.get('alice')?.outgoing).toBeUndefined()
  })

  test('are configured for all, and for a user as a grant would do it', () => {
    const { outgoing, users } = parse(`${TRUNKS}
outgoing: { trunk: carrier, country: de, block: ['+1 900*'], limits: [{ prefix: '+44*', per-minute: 5 }] }
users: { alice: { outgoing: { to: ['+49*', 'user:*', 'client:kiosk-7'], caller-ids: ['+49 30 1234'], calls: 2 } } }`)
    expect(outgoing).toMatchObject({
      ...{ trunk: 'carrier', country: 'DE', block: ['+1900*'] },
      limits: [{ prefix: '+44*', perMinute: 5 }],
    })
    expect(users.get('alice')?.outgoing).toEqual({
      ...{ to: ['+49*', 'user:*', 'client:kiosk-7'], callerIds: ['+49301234'], calls: 2 },
    })
  })

  test.each([
    ['outgoing: { trunk: gone }', 'outgoing.trunk: there is no trunk gone'],
    ['outgoing: { trunk: inbound }', 'outgoing.trunk: trunk inbound has no proxy'],
    ['outgoing: { limits: [{ prefix: "+44*" }] }', 'needs calls, per-minute, or both'],
    ['outgoing: { country: xx }', 'expected the two letters of a country'],
    ['users: { alice: { outgoing: { to: [] } } }', 'expected at least one destination'],
    ['users: { alice: { outgoing: { to: ["user:"] } } }', 'expected a number'],
    ['users: { alice: { outgoing: { to: ["group:sales"] } } }', 'there is no group sales'],
    [
      'users: { alice: { outgoing: { to: ["*"], trunk: gone } } }',
      'alice.outgoing.trunk: there is no trunk gone',
    ],
  ])('are refused: %s', (text, message) => {
    expect(() => parse(TRUNKS + text)).toThrow(message)
  })
})
