import { describe, expect, it } from 'vitest'
import { answerChallenge, digestResponse, readChallenge } from './digest-client.js'
import { Harness, REALM, UDP } from './harness.js'

const URI = `sip:${REALM}`
const alice = { username: 'alice', password: 'secret-a', method: 'REGISTER', uri: URI }

describe('the challenge', () => {
  it('offers SHA-256 before MD5, with qop=auth', async () => {
    const answer = await new Harness().send({})
    expect(answer.status).toBe(401)
    const challenges = answer.headers('WWW-Authenticate')
    expect(challenges.map((value) => readChallenge(value).algorithm)).toEqual(['SHA-256', 'MD5'])
    for (const value of challenges) expect(value).toMatch(/^Digest realm="example.com", .*qop="auth"$/)
  })

  it('offers MD5 alone to a phone that gives up on anything it does not know', async () => {
    const answer = await new Harness().send({ headers: { 'User-Agent': 'baresip v1.0.0 (x86_64/linux)' } })
    expect(answer.headers('WWW-Authenticate').map((value) => readChallenge(value).algorithm)).toEqual(['MD5'])
  })

  it('offers only what the configuration names', async () => {
    const answer = await new Harness({ algorithms: ['MD5'] }).send({})
    expect(answer.headers('WWW-Authenticate').map((value) => readChallenge(value).algorithm)).toEqual(['MD5'])
  })
})

describe('the right credentials', () => {
  it('are what RFC 7616 §3.9.1 computes', () => {
    const input = {
      username: 'Mufasa',
      password: 'Circle of Life',
      method: 'GET',
      uri: '/dir/index.html',
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    }
    const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v'
    const realm = 'http-auth@example.org'
    expect(digestResponse({ realm, nonce, algorithm: 'MD5' }, input)).toBe('8ca523f5e9506fed4657c9700eebdbec')
    expect(digestResponse({ realm, nonce, algorithm: 'SHA-256' }, input)).toBe(
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    )
  })

  it.each([0, 1])('open the registrar by challenge %i', async (index) => {
    const harness = new Harness()
    const asked = await harness.send({})
    const challenge = readChallenge(asked.headers('WWW-Authenticate')[index] ?? '')
    expect((await harness.send({ authorization: [answerChallenge(challenge, alice)] })).status).toBe(200)
  })

  it('may come without an algorithm, which is MD5', async () => {
    const harness = new Harness()
    const challenge = { ...(await harness.challenge()), algorithm: 'MD5' } as const
    const authorization = answerChallenge(challenge, alice).replace(', algorithm=MD5', '')
    expect((await harness.send({ authorization: [authorization] })).status).toBe(200)
  })

  it('may answer both challenges at once, and be used again with the next count', async () => {
    const harness = new Harness()
    const challenge = await harness.challenge()
    for (const nc of ['00000001', '00000002', '0000000a']) {
      const authorization = (['MD5', 'SHA-256'] as const).map((algorithm) =>
        answerChallenge({ ...challenge, algorithm }, { ...alice, nc }),
      )
      expect((await harness.send({ authorization })).status).toBe(200)
    }
  })

  it('are found beside those for another realm, folded into one line', async () => {
    const harness = new Harness()
    const challenge = await harness.challenge()
    const other = answerChallenge({ ...challenge, realm: 'elsewhere' }, alice)
    const authorization = [`${other}, ${answerChallenge(challenge, alice)}`]
    expect((await harness.send({ authorization })).status).toBe(200)
  })

  it('follow a password that was changed in the configuration', async () => {
    const harness = new Harness()
    harness.passwords.set('alice', 'new')
    expect((await harness.register({ password: 'secret-a' })).status).toBe(401)
    expect((await harness.register({ password: 'new' })).status).toBe(200)
  })
})

describe('a nonce', () => {
  it('is refused when its count is used again, and the phone is told that only the nonce was wrong', async () => {
    const harness = new Harness()
    const authorization = [answerChallenge(await harness.challenge(), alice)]
    expect((await harness.send({ authorization })).status).toBe(200)
    const replayed = await harness.send({ authorization })
    expect(replayed.status).toBe(401)
    expect(readChallenge(replayed.header('WWW-Authenticate') ?? '').stale).toBe(true)
  })

  it('is stale after its lifetime, and the new one works', async () => {
    const harness = new Harness()
    const challenge = await harness.challenge()
    harness.clock.advance(300_001)
    const late = await harness.send({ authorization: [answerChallenge(challenge, alice)] })
    expect(late.status).toBe(401)
    const fresh = readChallenge(late.header('WWW-Authenticate') ?? '')
    expect(fresh.stale).toBe(true)
    expect((await harness.send({ authorization: [answerChallenge(fresh, alice)] })).status).toBe(200)
  })

  it('is good until the end of its lifetime', async () => {
    const harness = new Harness()
    const challenge = await harness.challenge()
    harness.clock.advance(300_000)
    expect((await harness.send({ authorization: [answerChallenge(challenge, alice)] })).status).toBe(200)
  })

  it('of another server, as before a restart, is stale', async () => {
    const foreign = await new Harness().challenge()
    const answer = await new Harness().send({ authorization: [answerChallenge(foreign, alice)] })
    expect(answer.status).toBe(401)
    expect(readChallenge(answer.header('WWW-Authenticate') ?? '').stale).toBe(true)
  })

  it('that was tampered with is stale, whichever character', async () => {
    const harness = new Harness()
    const challenge = await harness.challenge()
    for (const at of [0, 10, 20, 30]) {
      const swapped = challenge.nonce[at] === 'A' ? 'B' : 'A'
      const nonce = challenge.nonce.slice(0, at) + swapped + challenge.nonce.slice(at + 1)
      const answer = await harness.send({ authorization: [answerChallenge({ ...challenge, nonce }, alice)] })
      expect(answer.status).toBe(401)
    }
  })
})

describe('wrong credentials', () => {
  it('look alike for an unknown user and a wrong password', async () => {
    const harness = new Harness()
    const wrong = await harness.register({ user: 'alice', password: 'nope' })
    const unknown = await harness.register({ user: 'nobody', password: 'nope' })
    const shape = (answer: typeof wrong) => ({
      ...answer.final,
      headers: answer.final.headers?.map(([name, value]) => [name, value.replace(/nonce="[^"]+"/, '')]),
    })
    expect(wrong.status).toBe(401)
    expect(shape(unknown)).toEqual(shape(wrong))
    expect(wrong.header('WWW-Authenticate')).not.toContain('stale')
  })

  it('are not called stale where the nonce is old as well', async () => {
    const harness = new Harness()
    const challenge = await harness.challenge()
    harness.clock.advance(400_000)
    const answer = await harness.send({
      authorization: [answerChallenge(challenge, { ...alice, password: 'x' })],
    })
    expect(answer.header('WWW-Authenticate')).not.toContain('stale')
  })

  it('for another realm are no credentials', async () => {
    const harness = new Harness()
    const challenge = await harness.challenge()
    const authorization = [answerChallenge({ ...challenge, realm: 'elsewhere' }, alice)]
    expect((await harness.send({ authorization })).status).toBe(401)
  })

  it.each([
    ['no qop', (value: string) => value.replace('qop=auth, ', '')],
    ['qop=auth-int', (value: string) => value.replace('qop=auth', 'qop=auth-int')],
    ['no cnonce', (value: string) => value.replace(', cnonce="c"', '')],
    ['a short nc', (value: string) => value.replace('nc=00000001', 'nc=1')],
    ['no uri', (value: string) => value.replace(/uri="[^"]+", /, '')],
    [
      'an MD5 response under SHA-256',
      (value: string) => value.replace(/response="[^"]+"/, `response="${'a'.repeat(32)}"`),
    ],
    ['a parameter twice', (value: string) => `${value}, nc=00000002`],
    ['an open quote', (value: string) => value.slice(0, -1)],
    ['4 KiB of junk', (value: string) => `${value}, x="${'y'.repeat(4096)}"`],
  ])('with %s are refused as malformed', async (_name, spoil) => {
    const harness = new Harness()
    const authorization = [spoil(answerChallenge(await harness.challenge(), alice))]
    expect((await harness.send({ authorization })).status).toBe(400)
  })

  it('in larger numbers than any phone sends are refused unseen', async () => {
    const harness = new Harness()
    const right = answerChallenge(await harness.challenge(), alice)
    const filler = Array.from({ length: 8 }, () => 'Bearer x')
    expect((await harness.send({ authorization: [...filler, right] })).status).toBe(400)
    expect((await harness.send({ authorization: [...filler.slice(1), right] })).status).toBe(200)
  })

  it('are looked at no more after twenty guesses from one address, until a minute is over', async () => {
    const harness = new Harness()
    for (let guess = 0; guess < 20; guess++) {
      expect((await harness.register({ password: `guess-${guess}` })).status).toBe(401)
    }
    const blocked = await harness.register({})
    expect(blocked.status).toBe(503)
    expect(blocked.header('Retry-After')).toBe('60')
    expect((await harness.register({ source: { ...UDP, address: '203.0.113.9' } })).status).toBe(200)
    expect((await harness.register({ user: 'bob' })).status).toBe(200)
    harness.clock.advance(60_000)
    expect((await harness.register({})).status).toBe(200)
  })
})

describe('an address-of-record', () => {
  it('of another user is refused alike whether it exists or not', async () => {
    const harness = new Harness()
    const contact = '<sip:x@10.0.0.1>'
    const others = await harness.register({ as: 'alice', user: 'bob', contact })
    const unknown = await harness.register({ as: 'alice', user: 'nobody', contact })
    expect(others.final).toEqual({ status: 403, phrase: 'Forbidden' })
    expect(unknown.final).toEqual(others.final)
    expect(await harness.bindings('bob')).toEqual([])
  })

  it('is the digest user once its escapes are undone', async () => {
    const harness = new Harness()
    const to = `"Alice" <sip:%61lice@EXAMPLE.com;user=phone>;tag=1`
    expect((await harness.register({ headers: { To: to } })).status).toBe(200)
  })

  it('of a domain that is not ours does not exist', async () => {
    const harness = new Harness({ domains: () => new Set(['example.org']) })
    expect((await harness.register({})).status).toBe(404)
    const ours = await harness.register({ headers: { To: '<sip:alice@EXAMPLE.ORG>' } })
    expect(ours.status).toBe(200)
  })
})
