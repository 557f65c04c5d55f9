import type { Grants } from '../../src/clients/tokens/claims.js'
import { describe, expect, it } from 'vitest'
import { createTokens } from '../../src/clients/tokens/tokens.js'
import { sharedKeys } from '../tokens/keys.js'
import { answerChallenge, readChallenge } from './digest-client.js'
import { Harness, REALM, TCP, UDP, type Answer, type RegisterSpec } from './harness.js'

const CONTACT = '<sip:alice@10.0.0.1;transport=tcp>'
/** A connection of its own: what a thief has, and a phone that changed networks. */
const ELSEWHERE = { ...TCP, address: '203.0.113.9' }

const bearerOf = (answer: Answer) =>
  answer.headers('WWW-Authenticate').filter((value) => value.startsWith('Bearer '))
const schemesOf = (answer: Answer) =>
  answer.headers('WWW-Authenticate').map((value) => value.split(' ')[0] ?? '')

function withToken(token: string, more: RegisterSpec = {}): RegisterSpec {
  return { contact: CONTACT, source: TCP, authorization: [token], ...more }
}

async function expectInvalid(harness: Harness, spec: RegisterSpec, why: string): Promise<void> {
  const before = await harness.bindings()
  const answer = await harness.send(spec)
  expect(answer.status).toBe(401)
  expect(schemesOf(answer)).toEqual(['Digest', 'Digest', 'Bearer'])
  expect(bearerOf(answer)).toEqual([`Bearer realm="${REALM}", scope="register", error="invalid_token"`])
  expect(harness.log.at(-1)?.fields['why']).toBe(`token: ${why}`)
  expect(await harness.bindings()).toEqual(before)
}

describe('a REGISTER with a call token', () => {
  it('is accepted without a challenge (RFC 8898)', async () => {
    const harness = new Harness()
    const answer = await harness.send(withToken(await harness.callToken('d1')))
    expect([answer.status, harness.order]).toEqual([200, ['respond 200', 'publish registered']])
    expect(await harness.bindings()).toHaveLength(1)
  })

  it('is accepted from a user who has no password', async () => {
    const harness = new Harness()
    const token = await harness.callToken('d1', 'carol')
    expect((await harness.send(withToken(token, { user: 'carol' }))).status).toBe(200)
  })

  it('may come again on its flow until the token expires: refreshes, and going away', async () => {
    const harness = new Harness()
    const spec = withToken(await harness.callToken('d1'))
    expect((await harness.send(spec)).status).toBe(200)
    harness.clock.advance(29_000)
    expect((await harness.send(spec)).status).toBe(200)
    expect((await harness.send({ ...spec, expires: 0 })).status).toBe(200)
    expect(await harness.bindings()).toEqual([])
    harness.clock.advance(1000)
    await expectInvalid(harness, spec, 'expired')
  })

  it.each([
    ['another connection', { source: ELSEWHERE }],
    ['another transport', { source: UDP }],
    ['the same address after a restart', { callId: 'call-2' }],
  ])('is good for one flow: on %s it is used up', async (_name, more) => {
    const harness = new Harness()
    const token = await harness.callToken('d1')
    expect((await harness.send(withToken(token))).status).toBe(200)
    await expectInvalid(harness, withToken(token, more), 'used')
    expect((await harness.send(withToken(token))).status).toBe(200)
  })

  it('is not used up by a REGISTER that is refused', async () => {
    const harness = new Harness()
    const token = await harness.callToken('d1')
    const refused: readonly [number, RegisterSpec][] = [
      [423, { expires: 1 }],
      [400, { contact: '<mailto:alice@h>' }],
      [403, { user: 'bob' }],
      [555, { contact: '<sip:a@h;pn-provider=nobody;pn-prid=T>' }],
      [420, { headers: { Require: 'gruu' } }],
    ]
    for (const [status, more] of refused) {
      expect((await harness.send(withToken(token, { ...more, source: ELSEWHERE }))).status).toBe(status)
    }
    expect((await harness.send(withToken(token))).status).toBe(200)
  })

  it('is used up by one of two that come at the same moment, on whichever nodes', async () => {
    const here = new Harness()
    const there = new Harness({ store: here.store })
    Object.assign(there, { tokens: here.tokens })
    const token = await here.callToken('d1')
    const answers = await Promise.all([
      here.send(withToken(token)),
      there.send(withToken(token, { source: ELSEWHERE, callId: 'call-2' })),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    expect(await here.bindings()).toHaveLength(1)
  })

  it('can be tried again on its flow where the store went away meanwhile', async () => {
    const harness = new Harness()
    const spec = withToken(await harness.callToken('d1'))
    for (const broken of ['use', 'writeBindings']) {
      harness.store.failWhile((method) => method === broken)
      expect((await harness.send(spec)).status).toBe(503)
    }
    harness.store.failWhile(() => false)
    expect((await harness.send(spec)).status).toBe(200)
  })
})

describe('a REGISTER with a client token', () => {
  it('is accepted where the token grants register, as often as it comes and from anywhere', async () => {
    const harness = new Harness()
    const token = await harness.clientToken('carol')
    for (const source of [TCP, ELSEWHERE, TCP]) {
      expect((await harness.send(withToken(token, { user: 'carol', source }))).status).toBe(200)
    }
    harness.clock.advance(3_600_000)
    await expectInvalid(harness, withToken(token, { user: 'carol' }), 'expired')
  })

  it('is accepted where it may be called by a name that no configuration knows, and only then', async () => {
    const harness = new Harness()
    const token = await harness.clientToken('kiosk-7', { grants: { incoming: true } })
    expect((await harness.send(withToken(token, { user: 'kiosk-7' }))).status).toBe(200)
    expect(await harness.bindings('kiosk-7')).toHaveLength(1)
    const unnamed = await harness.clientToken('kiosk-8', { grants: { register: true } })
    await expectInvalid(harness, withToken(unnamed, { user: 'kiosk-8' }), 'there is no such user any more')
    expect((await harness.send(withToken(token, { user: 'alice' }))).status).toBe(403)
  })

  it.each<{ grants: Grants }>([{ grants: {} }, { grants: { channel: true, devices: true } }])(
    'is refused where it does not (%j), and the grant is named',
    async ({ grants }) => {
      const harness = new Harness()
      const answer = await harness.send(withToken(await harness.clientToken('alice', { grants })))
      expect(answer.status).toBe(401)
      expect(bearerOf(answer)).toEqual([
        `Bearer realm="${REALM}", scope="register", error="insufficient_scope"`,
      ])
      expect(harness.log.at(-1)?.fields['why']).toBe('token: no grant register')
    },
  )
})

describe('a token that is no good', () => {
  it('of another user gets 403, be it for a call or a client', async () => {
    const harness = new Harness()
    for (const token of [await harness.callToken('d1', 'bob'), await harness.clientToken('bob')]) {
      const answer = await harness.send(withToken(token))
      expect(answer.final).toEqual({ status: 403, phrase: 'Forbidden' })
    }
    expect(await harness.bindings('alice')).toEqual([])
    expect(await harness.bindings('bob')).toEqual([])
  })

  it('that was revoked is refused, as one that never was any', async () => {
    const harness = new Harness()
    const [taken, kept] = [
      await harness.clientToken('alice', { jti: 'x' }),
      await harness.clientToken('alice'),
    ]
    expect((await harness.send(withToken(taken))).status).toBe(200)
    harness.revoked.add('x')
    await expectInvalid(harness, withToken(taken), 'revoked')
    expect((await harness.send(withToken(kept))).status).toBe(200)
  })

  it('of a user who is configured no more is refused', async () => {
    const harness = new Harness()
    const token = await harness.clientToken('carol')
    harness.users.delete('carol')
    await expectInvalid(harness, withToken(token, { user: 'carol' }), 'there is no such user any more')
  })

  it('that was altered, made with another key, or for another purpose, is refused', async () => {
    const harness = new Harness()
    const good = await harness.callToken('d1')
    const foreign = createTokens({ keys: await sharedKeys(), clock: harness.clock })
    const [head = '', body = '', mark = ''] = good.slice('Bearer '.length).split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
    const altered = Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url')
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: 'reveille' })).toString('base64url')
    const call = { callId: 'c', deviceId: 'd1', user: 'alice', expiresAt: harness.clock.now() + 3e7 }
    const invitation = { invitationId: 'i', deviceId: 'd1', expiresAt: harness.clock.now() + 3e7 }
    await expectInvalid(harness, withToken(`Bearer ${head}.${altered}.${mark}`), 'bad-signature')
    await expectInvalid(harness, withToken(`Bearer ${none}.${body}.`), 'bad-signature')
    await expectInvalid(harness, withToken(`Bearer ${none}.${body}.${mark}`), 'bad-signature')
    await expectInvalid(harness, withToken(`Bearer ${await foreign.mintCall(call)}`), 'bad-signature')
    await expectInvalid(harness, withToken('Bearer abc'), 'malformed')
    await expectInvalid(harness, withToken('Bearer token="abc"'), 'malformed')
    const other = `Bearer ${await (await harness.tokens).mintInvitation(invitation)}`
    await expectInvalid(harness, withToken(other), 'wrong-audience')
    expect((await harness.send(withToken(good))).status).toBe(200)
  })

  it('of more than 4 KB is not looked at', async () => {
    const harness = new Harness()
    expect((await harness.send(withToken(`Bearer ${'a'.repeat(4096)}`))).status).toBe(400)
  })

  it('leaves the phone to go on with its password', async () => {
    const harness = new Harness()
    const refused = await harness.send(withToken('Bearer abc'))
    const challenge = readChallenge(refused.header('WWW-Authenticate') ?? '')
    const alice = { username: 'alice', password: 'secret-a', method: 'REGISTER', uri: `sip:${REALM}` }
    const answer = answerChallenge(challenge, alice)
    expect((await harness.send(withToken('', { authorization: ['Bearer abc', answer] }))).status).toBe(200)
  })
})

describe('the challenge', () => {
  it('has Digest alone for who showed no token: PJSIP drops a response with a scheme unknown to it', async () => {
    const answer = await new Harness().send({ contact: CONTACT })
    expect(schemesOf(answer)).toEqual(['Digest', 'Digest'])
  })

  it('has Digest first for who did: JsSIP reads the first one only', async () => {
    const answer = await new Harness().send(withToken('Bearer abc'))
    expect(schemesOf(answer)).toEqual(['Digest', 'Digest', 'Bearer'])
  })

  it('says that the nonce was stale, and what was wrong with the token, of a request with both', async () => {
    const harness = new Harness()
    const digest = await harness.authorization({})
    harness.clock.advance(300_001)
    const answer = await harness.send(withToken('', { authorization: ['Bearer abc', digest] }))
    expect(readChallenge(answer.header('WWW-Authenticate') ?? '').stale).toBe(true)
    expect(bearerOf(answer)).toHaveLength(1)
  })
})

describe('wrong tokens and wrong passwords', () => {
  it('lock nobody out of the other: a phone behind a wrong guesser still gets in by its token', async () => {
    const harness = new Harness()
    for (let guess = 0; guess < 20; guess++) {
      expect((await harness.register({ password: 'wrong', source: TCP })).status).toBe(401)
    }
    expect((await harness.register({ source: TCP })).status).toBe(503)
    expect((await harness.send(withToken(await harness.callToken('d1')))).status).toBe(200)
  })

  it('lock nobody out: after 2,000 wrong tokens of one address the next good one, and the password, open', async () => {
    const harness = new Harness()
    const good = await harness.callToken('d1')
    const wrong = `${good.slice(0, -4)}AAAA`
    for (let guess = 0; guess < 2_000; guess++) {
      expect((await harness.send(withToken(wrong))).status).toBe(401)
    }
    expect((await harness.register({ contact: CONTACT, source: TCP })).status).toBe(200)
    expect((await harness.send(withToken(good))).status).toBe(200)
  })

  it.each([
    ['one address', 30, () => '203.0.113.1', 20],
    ['many addresses', 300, (guess: number) => `203.0.113.${guess}`, 200],
  ])('from %s do not flood the log', async (_name, guesses, addressOf, warnings) => {
    const harness = new Harness()
    for (let guess = 0; guess < guesses; guess++) {
      await harness.send(withToken('Bearer abc', { source: { ...TCP, address: addressOf(guess) } }))
    }
    expect(harness.log.filter(({ level }) => level === 'warn')).toHaveLength(warnings)
    harness.clock.advance(60_000)
    await harness.send(withToken('Bearer abc', { source: { ...TCP, address: addressOf(0) } }))
    expect(harness.log.at(-1)?.level).toBe('warn')
  })

  it('are refused beside each other as what is worse: too many passwords', async () => {
    const harness = new Harness()
    const digests = []
    for (let guess = 0; guess < 21; guess++) {
      digests.push(await harness.authorization({ password: 'wrong' }))
    }
    const answers = []
    for (const digest of digests) {
      answers.push(await harness.send({ authorization: ['Bearer abc', digest] }))
    }
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(20).fill(401), 503])
  })
})

describe('the log', () => {
  it('never holds a token', async () => {
    const harness = new Harness()
    const token = await harness.callToken('d1')
    await harness.send(withToken(token))
    await harness.send(withToken(token, { source: ELSEWHERE }))
    await harness.send(withToken(`${token}x`))
    const [, body = '', mark = ''] = token.split('.')
    for (const part of [body, mark]) expect(JSON.stringify(harness.log)).not.toContain(part)
    expect(harness.log.length).toBeGreaterThan(2)
  })
})
