import { describe, expect, test } from 'vitest'
import { CallingGate } from '../../src/outgoing/calling-gate.js'
import { type ClientTokens, createClientBearer } from '../../src/outgoing/client-bearer.js'
import type { SipRequest } from '../../src/ports/signaling.js'
import type { Authenticator } from '../../src/registrar/auth/authenticator.js'
import { createGate } from '../../src/registrar/gate.js'
import { Desk } from './support/desk.js'

const POLICY = { to: ['*', 'user:*'] }

/** Any password is right. */
const digest: Authenticator = {
  scheme: 'digest',
  challenges: () => ['Digest realm="example.net"'],
  verify: ([first]) => ({ kind: 'granted', user: first?.params.get('username') ?? '' }),
}

/** The name of the token's user is the token, and what it may do. */
const tokens: ClientTokens = {
  verifyClient: (token) => {
    const [user = '', incoming] = token.split('.')
    return Promise.resolve({
      user,
      grants: { outgoing: POLICY, ...(incoming === undefined ? {} : { incoming: true as const }) },
    })
  },
}

function admit(uri: string, authorization: string, from = 'alice') {
  const gate = new CallingGate({
    gate: createGate([
      createClientBearer({ realm: 'example.net', tokens, isUser: (name) => name === 'alice' }),
      digest,
    ]),
    outgoing: new Desk().outgoing,
    policyOf: () => POLICY,
    realm: 'example.net',
  })
  const headers = new Map([
    ['authorization', authorization],
    ['from', `<sip:${from}@example.net>;tag=1`],
  ])
  const invite: SipRequest = {
    ...{ method: 'INVITE', uri, callId: 'c', gateway: 'g', body: '', contentType: undefined },
    source: { protocol: 'udp', address: '192.0.2.7', port: 5060 },
    header: (name) => headers.get(name.toLowerCase()),
    headers: (name) => [headers.get(name.toLowerCase())].filter((value) => value !== undefined),
  }
  return gate.admit(invite)
}

describe('a password', () => {
  const shown = (uri: string) => `Digest username="alice", uri="${uri}"`

  test.each([
    ['sip:+12025550123@example.net', 'sip:+12025550123@example.net'],
    ['sip:+12025550123@192.0.2.1:5061;transport=tcp', 'sip:+12025550123@example.net'],
    ['tel:+12025550123', 'tel:+12025550123'],
    ['sip:b%6Fb@example.net', 'sip:bob@example.net'],
  ])('calls %s where it answers for %s', async (called, answered) => {
    expect(await admit(called, shown(answered))).toMatchObject({ kind: 'permitted' })
  })

  test.each([
    ['sip:+19005550123@example.net', 'sip:+12025550123@example.net'],
    ['sip:+19005550123@example.net', 'sip:example.net'],
    ['tel:+19005550123', 'tel:+12025550123'],
  ])('does not call %s where it answers for %s', async (called, answered) => {
    expect(await admit(called, shown(answered))).toMatchObject({ kind: 'refused', final: { status: 400 } })
  })
})

describe('a token', () => {
  test('calls as a user that is configured, and as a client of its own that no configuration knows', async () => {
    expect(await admit('sip:bob@example.net', 'Bearer alice')).toMatchObject({ kind: 'permitted' })
    expect(await admit('sip:bob@example.net', 'Bearer tablet.in', 'tablet')).toMatchObject({
      kind: 'permitted',
      client: 'tablet',
    })
  })

  test('of a user that is configured no more calls nobody', async () => {
    expect(await admit('sip:bob@example.net', 'Bearer gone', 'gone')).toMatchObject({
      kind: 'refused',
      final: { status: 401 },
      why: 'token: there is no such user any more',
    })
  })
})
