import { createHmac, createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { jwtVerify, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import type { Grants } from '../../src/clients/tokens/claims.js'
import { loadTokenKeys } from '../../src/clients/tokens/keys.js'
import { createTokens, type Tokens } from '../../src/clients/tokens/tokens.js'
import { FakeClock } from '../support/fake-clock.js'
import { configuredKeys, fileOf, keyFiles, sharedKeys } from './keys.js'

const clock = new FakeClock()
const NOW = clock.now()
const CALL = { callId: 'call-1', deviceId: 'device-1', user: 'alice', expiresAt: NOW + 30_000_000 }
const CLIENT = {
  ...{ client: 'alice-phone', user: 'alice', expiresAt: NOW + 3600e6 },
  grants: { register: true } satisfies Grants,
} as const
const INVITATION = { invitationId: 'i-1', deviceId: 'device-1', expiresAt: NOW + 60_000_000 }

async function tokens(secret?: Uint8Array, at = clock): Promise<Tokens> {
  return createTokens({ keys: await sharedKeys(secret), clock: at })
}

const SECRET = Buffer.alloc(32, 7)
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())

/** A token of any header and payload, signed with HMAC, by hand. */
function forge(header: object, payload: object, secret: Uint8Array = SECRET, hash = 'sha256'): string {
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}

const HEADER = { alg: 'HS256', kid: 'reveille' }
const PAYLOAD = {
  ...{ sub: 'alice', call: 'call-1', device: 'device-1', aud: 'reveille:call', jti: 'j' },
  exp: NOW / 1e6 + 30,
}

describe('a token', () => {
  it('says what it was made of, each kind by an id of its own', async () => {
    const all = await tokens()
    const [call, again] = [await all.mintCall(CALL), await all.mintCall(CALL)]
    const read = await all.verifyCall(call)
    expect(read).toEqual({ ...CALL, jti: expect.stringMatching(/^[\w-]{22}$/) as string })
    expect(await all.verifyCall(again)).not.toEqual(read)
    const device = { ...CLIENT, deviceId: 'device-1' }
    for (const client of [CLIENT, device]) {
      const jti = expect.any(String) as string
      expect(await all.verifyClient(await all.mintClient(client))).toEqual({
        ...client,
        ...{ jti, issuedAt: NOW },
      })
    }
    const invitation = await all.mintInvitation(INVITATION)
    expect(await all.verifyInvitation(invitation)).toEqual({
      ...INVITATION,
      jti: expect.any(String) as string,
    })
  })

  it('is of one node as good as of another that has the same secret', async () => {
    const [here, there, elsewhere] = [await tokens(SECRET), await tokens(SECRET), await tokens()]
    const token = await here.mintCall(CALL)
    expect(await there.verifyCall(token)).toMatchObject(CALL)
    expect(await elsewhere.verifyCall(token)).toEqual({ fault: 'bad-signature' })
  })

  it('that any JWT library makes is read by its documented claims', async () => {
    const all = await tokens(SECRET)
    const client = { sub: 'app', user: 'bob', grants: { register: true, fly: true, channel: false } }
    const more = { aud: 'reveille:client', jti: 'x', exp: NOW / 1e6 + 60.5 }
    expect(await all.verifyClient(forge(HEADER, { ...client, ...more }))).toEqual({
      ...{ client: 'app', user: 'bob', grants: { register: true }, jti: 'x' },
      issuedAt: 0,
      expiresAt: NOW + 60_500_000,
    })
  })

  it('is small enough for a push', async () => {
    const uuid = '00000000-0000-4000-8000-000000000000'
    const token = await (await tokens()).mintCall({ ...CALL, callId: uuid, deviceId: uuid })
    expect(token.length).toBeLessThan(400)
  })

  it('expires when it says, and is taken for as long after as the asker allows', async () => {
    const at = new FakeClock()
    const all = await tokens(SECRET, at)
    const token = await all.mintCall(CALL)
    at.advance(29_999)
    expect(await all.verifyCall(token)).toMatchObject(CALL)
    at.advance(1)
    expect(await all.verifyCall(token)).toEqual({ fault: 'expired' })
    at.advance(299_000)
    expect(await all.verifyCall(token, 300_000)).toMatchObject(CALL)
    at.advance(1000)
    expect(await all.verifyCall(token, 300_000)).toEqual({ fault: 'expired' })
  })

  it('lives until a full second: a deadline told to others is never earlier than our own', async () => {
    const all = await tokens()
    const token = await all.mintCall({ ...CALL, expiresAt: NOW + 1 })
    expect(await all.verifyCall(token)).toMatchObject({ expiresAt: NOW + 1_000_000 })
  })

  it('is of its kind only', async () => {
    const all = await tokens()
    const [call, client] = [await all.mintCall(CALL), await all.mintClient(CLIENT)]
    const invitation = await all.mintInvitation(INVITATION)
    const wrong = { fault: 'wrong-audience' }
    expect(await all.verifyCall(client)).toEqual(wrong)
    expect(await all.verifyCall(invitation)).toEqual(wrong)
    expect(await all.verifyClient(call)).toEqual(wrong)
    expect(await all.verifyInvitation(call)).toEqual(wrong)
    const [header, payload] = (await all.mintCall(CALL))
      .split('.')
      .map((part, at) => (at < 2 ? decode(part) : {}))
    expect([header, payload]).toMatchObject([HEADER, { aud: 'reveille:call', sub: 'alice' }])
  })
})

describe('a token that is not ours', () => {
  it.each<[string, string, string]>([
    ['nothing at all', '', 'missing'],
    ['no JWT', 'abc', 'malformed'],
    ['three words', 'a.b.c', 'malformed'],
    ['five parts', 'a.b.c.d.e', 'malformed'],
    ['letters that base64url has not', `${forge(HEADER, PAYLOAD)}=`, 'malformed'],
    ['more than 4 KB', forge(HEADER, { ...PAYLOAD, more: 'x'.repeat(4096) }), 'malformed'],
    ['a payload that is no object', forge(HEADER, ['alice']), 'malformed'],
    ['an extension that must be understood', forge({ ...HEADER, crit: ['x'], x: 1 }, PAYLOAD), 'malformed'],
    ['an unencoded payload', forge({ ...HEADER, crit: ['b64'], b64: false }, PAYLOAD), 'malformed'],
    ['another secret', forge(HEADER, PAYLOAD, Buffer.alloc(32, 8)), 'bad-signature'],
    ['an empty secret', forge(HEADER, PAYLOAD, Buffer.alloc(0)), 'bad-signature'],
    ['no signature', `${encode(HEADER)}.${encode(PAYLOAD)}.`, 'bad-signature'],
    ['the algorithm none', `${encode({ ...HEADER, alg: 'none' })}.${encode(PAYLOAD)}.`, 'bad-signature'],
    ['another hash', forge({ ...HEADER, alg: 'HS512' }, PAYLOAD, SECRET, 'sha512'), 'bad-signature'],
    ['no key id', forge({ alg: 'HS256' }, PAYLOAD), 'unknown-key'],
    ['another key id', forge({ ...HEADER, kid: '__proto__' }, PAYLOAD), 'unknown-key'],
    ['a key of its own in the header', forge({ alg: 'HS256', jwk: { kty: 'oct' } }, PAYLOAD), 'unknown-key'],
    ['no expiry', forge(HEADER, { ...PAYLOAD, exp: undefined }), 'malformed'],
    ['an expiry in words', forge(HEADER, { ...PAYLOAD, exp: 'never' }), 'malformed'],
    ['no audience', forge(HEADER, { ...PAYLOAD, aud: undefined }), 'wrong-audience'],
    [
      'several audiences',
      forge(HEADER, { ...PAYLOAD, aud: ['reveille:call', 'reveille:client'] }),
      'wrong-audience',
    ],
    ['a time before which it is not good', forge(HEADER, { ...PAYLOAD, nbf: NOW / 1e6 + 1 }), 'not-yet'],
    ['such a time in words', forge(HEADER, { ...PAYLOAD, nbf: 'soon' }), 'malformed'],
    ['no id', forge(HEADER, { ...PAYLOAD, jti: undefined }), 'malformed'],
    ['an id as long as a page', forge(HEADER, { ...PAYLOAD, jti: 'x'.repeat(2000) }), 'malformed'],
    ['no device', forge(HEADER, { ...PAYLOAD, device: undefined }), 'malformed'],
    ['a call that is no text', forge(HEADER, { ...PAYLOAD, call: 7 }), 'malformed'],
    ['no user', forge(HEADER, { ...PAYLOAD, sub: '' }), 'malformed'],
  ])('but has %s is refused', async (_name, token, fault) => {
    expect(await (await tokens(SECRET)).verifyCall(token)).toEqual({ fault })
  })

  it('is refused wherever one letter of it was changed', async () => {
    const all = await tokens(SECRET)
    const token = await all.mintCall(CALL)
    // The last letter of a part has bits to spare, which strict decoders refuse and others pass over.
    const places = [...token].map((_, at) => at).filter((at) => token[at] !== '.')
    for (const at of places) {
      const altered = `${token.slice(0, at)}${token[at] === 'A' ? 'Q' : 'A'}${token.slice(at + 1)}`
      expect(await all.verifyCall(altered), altered).toHaveProperty('fault')
    }
  })

  it.each([
    ['a device that is no text', { device: 7 }],
    ['no grants', { grants: undefined }],
    ['a list of grants', { grants: ['register'] }],
    ['no user', { user: undefined }],
    ['an instant of issue that is none', { iat: 'now' }],
  ])('but a client’s with %s is refused', async (_name, more) => {
    const payload = {
      sub: 'app',
      user: 'bob',
      grants: {},
      aud: 'reveille:client',
      jti: 'x',
      exp: PAYLOAD.exp,
    }
    const all = await tokens(SECRET)
    expect(await all.verifyClient(forge(HEADER, payload))).toMatchObject({ client: 'app' })
    expect(await all.verifyClient(forge(HEADER, { ...payload, ...more }))).toEqual({ fault: 'malformed' })
  })
})

describe('configured keys', () => {
  it.each([
    ['ES256', 'P-256'],
    ['EdDSA', 'ed25519'],
  ] as const)('of %s sign with the private half and verify with either', async (algorithm, kind) => {
    const { privateFile, publicFile } = keyFiles(kind)
    const key = { id: 'k1', algorithm }
    const full = createTokens({ clock, keys: await configuredKeys({ ...key, keyFile: privateFile }) })
    const own = { id: 'own', algorithm: 'HS256', secret: 's'.repeat(32) } as const
    const other = createTokens({ clock, keys: await configuredKeys(own, { ...key, keyFile: publicFile }) })
    const token = await full.mintCall(CALL)
    expect(decode(token.split('.')[0])).toEqual({ alg: algorithm, kid: 'k1' })
    expect(await full.verifyCall(token)).toMatchObject(CALL)
    expect(await other.verifyCall(token)).toMatchObject(CALL)
    expect(await full.verifyCall(await other.mintCall(CALL))).toEqual({ fault: 'unknown-key' })
  })

  it.each([
    ['ES256', 'P-256'],
    ['EdDSA', 'ed25519'],
  ] as const)(
    'of %s are any JWT library’s too, and no letter of a signature is passed over',
    async (algorithm, kind) => {
      const { privateFile, publicFile } = keyFiles(kind)
      const all = createTokens({
        clock,
        keys: await configuredKeys({ id: 'k1', algorithm, keyFile: privateFile }),
      })
      const ours = await all.mintCall(CALL)
      const open = createPublicKey(readFileSync(publicFile))
      const { payload } = await jwtVerify(ours, open, { currentDate: new Date(NOW / 1000) })
      expect(payload).toMatchObject({ sub: 'alice', call: 'call-1', device: 'device-1' })

      const theirs = await new SignJWT(PAYLOAD)
        .setProtectedHeader({ alg: algorithm, kid: 'k1' })
        .sign(createPrivateKey(readFileSync(privateFile)))
      expect(await all.verifyCall(theirs)).toMatchObject({ callId: 'call-1' })

      for (let at = theirs.lastIndexOf('.') + 1; at < theirs.length; at += 1) {
        const altered = `${theirs.slice(0, at)}${theirs[at] === 'A' ? 'Q' : 'A'}${theirs.slice(at + 1)}`
        expect(await all.verifyCall(altered), altered).toEqual({ fault: 'bad-signature' })
      }
    },
  )

  it('sign with the first, so that an old one can be kept until its tokens have expired', async () => {
    const [old, fresh] = ['old', 'new'].map((id) => ({
      id,
      algorithm: 'HS256' as const,
      secret: id.repeat(16),
    }))
    if (!old || !fresh) throw new Error('there are two')
    const before = createTokens({ clock, keys: await configuredKeys(old) })
    const rotated = createTokens({ clock, keys: await configuredKeys(fresh, old) })
    const after = createTokens({ clock, keys: await configuredKeys(fresh) })
    const [oldToken, newToken] = [await before.mintCall(CALL), await rotated.mintCall(CALL)]
    expect(await rotated.verifyCall(oldToken)).toMatchObject(CALL)
    expect(await after.verifyCall(newToken)).toMatchObject(CALL)
    expect(await after.verifyCall(oldToken)).toEqual({ fault: 'unknown-key' })
  })

  it('are each for one algorithm: a public key is no secret that anybody could sign with', async () => {
    const { publicFile } = keyFiles('P-256')
    const own = { id: 'own', algorithm: 'HS256', secret: 's'.repeat(32) } as const
    const keys = await configuredKeys(own, { id: 'theirs', algorithm: 'ES256', keyFile: publicFile })
    const all = createTokens({ clock, keys })
    const confused = forge({ alg: 'HS256', kid: 'theirs' }, PAYLOAD, readFileSync(publicFile))
    expect(await all.verifyCall(confused)).toEqual({ fault: 'bad-signature' })
    expect(await all.verifyCall(forge({ alg: 'ES256', kid: 'own' }, PAYLOAD))).toEqual({
      fault: 'bad-signature',
    })
  })

  it.each([
    ['a curve that is not its own', 'ES256', 'P-384', /key k1: .* is not an EC key on P-256/],
    ['another kind of key', 'ES256', 'ed25519', /is not an EC key on P-256/],
    ['an RSA key', 'EdDSA', 'rsa', /is not an Ed25519 key/],
  ] as const)('say what is wrong with %s', async (_name, algorithm, kind, message) => {
    const { privateFile } = keyFiles(kind)
    await expect(configuredKeys({ id: 'k1', algorithm, keyFile: privateFile })).rejects.toThrow(message)
  })

  it('say what is wrong with a file, and not what is in it', async () => {
    const spec = { id: 'k1', algorithm: 'ES256' } as const
    const keyFile = fileOf('-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n')
    const error = await configuredKeys({ ...spec, keyFile }).catch(String)
    expect(error).toMatch(/token key k1: .* holds no PEM of a key/)
    expect(error).not.toContain('hunter2')
    await expect(configuredKeys({ ...spec, keyFile: `${keyFile}.gone` })).rejects.toThrow(/cannot be read/)
  })

  it('have a private one first', async () => {
    const { publicFile } = keyFiles('ed25519')
    await expect(configuredKeys({ id: 'k1', algorithm: 'EdDSA', keyFile: publicFile })).rejects.toThrow(
      'token key k1 is the first and signs: it must be a private key',
    )
  })

  it('are not needed: the nodes share a secret', async () => {
    await expect(loadTokenKeys([], () => Promise.reject(new Error('no database')))).rejects.toThrow(
      'no database',
    )
    expect(await (await tokens(SECRET)).verifyCall(forge(HEADER, PAYLOAD))).toMatchObject(CALL)
  })

  it.each([0, 31])('are not made of a secret of %i bytes, which could be guessed', async (bytes) => {
    const short = Buffer.alloc(bytes, 's')
    const message = 'has a secret of fewer than 32 bytes'
    await expect(sharedKeys(short)).rejects.toThrow(message)
    const own = { id: 'own', algorithm: 'HS256', secret: short.toString() } as const
    await expect(configuredKeys(own)).rejects.toThrow(`token key own ${message}`)
  })
})
