import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/adapters/system/clock.js'
import type { Grants } from '../../src/clients/tokens/claims.js'
import { loadTokenKeys } from '../../src/clients/tokens/keys.js'
import { createTokens, type Tokens } from '../../src/clients/tokens/tokens.js'
import { headerLines, Phone, type SipResponse } from '../../src/demo/index.js'
import { TestClient } from '../channel/support/client.js'
import { phoneHost } from '../support/engines.js'
import { TestServer } from '../support/server.js'

const ALL: Grants = {
  ...{ register: true, devices: true, invitations: true, channel: true },
  ...{ outgoing: { to: ['user:*'] }, presence: { set: true } },
}

type Name = 'alice' | 'bob'
/** How somebody with this token is answered, who says to be this user where the entry asks for that. */
type Entry = (token: string, name: Name) => Promise<string>

let server: TestServer
let tokens: Tokens
let directory: string
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = (key: typeof pair.publicKey, type: 'spki' | 'pkcs8') =>
  key.export({ type, format: 'pem' }).toString()

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'reveille-tokens-'))
  const keyFile = join(directory, 'key.pem')
  writeFileSync(keyFile, pem(pair.privateKey, 'pkcs8'))
  const keys = await loadTokenKeys([{ id: 'k', algorithm: 'ES256', keyFile }], () =>
    Promise.reject(new Error('the keys are configured')),
  )
  tokens = createTokens({ keys, clock: systemClock })
  server = await TestServer.start({
    tokens: { keys: [{ id: 'k', algorithm: 'ES256', 'key-file': keyFile }] },
    // Who calls from loopback is a client.
    trunks: { carrier: { match: ['192.0.2.0/24'] } },
  })
  expect(await ENTRIES['PUT /v1/devices']?.(await token(ALL, 'bob'), 'bob')).toBe('201')
})
afterAll(async () => {
  await server.close()
  rmSync(directory, { recursive: true })
})
afterEach(() => server.quiet())

function token(grants: Grants, user: Name = 'alice', more: { readonly jti?: string } = {}): Promise<string> {
  const expiresAt = systemClock.now() + 3_600_000_000
  return tokens.mintClient({ client: `${user}-app`, user, grants, expiresAt, ...more })
}

async function http(method: string, path: string, bearer: string, body?: object): Promise<string> {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (response.ok) return String(response.status)
  const { type, grant } = (await response.json()) as { type: string; grant?: string }
  return [response.status, type.replace('/problems/', ''), ...(grant === undefined ? [] : [grant])].join(' ')
}

/** No password to go on with. */
async function phoneOf(user: Name): Promise<Phone> {
  return Phone.open({
    ...{ user, domain: 'example.net', protocol: 'udp', proxy: server.address('udp'), host: phoneHost() },
  })
}

function sip(response: SipResponse): string {
  const challenges = headerLines(response, 'WWW-Authenticate').join()
  const [, fault] = /error="(\w+)"/.exec(challenges) ?? []
  const [, scope] = /scope="(\w+)"/.exec(challenges) ?? []
  const more = fault === undefined ? [] : fault === 'insufficient_scope' ? [fault, scope] : [fault]
  return [response.status, ...more].join(' ')
}

const ENTRIES: Readonly<Record<string, Entry>> = {
  'PUT /v1/devices': (bearer, name) => http('PUT', `/v1/devices/${name}s-phone`, bearer, {}),
  '/v1/presence': (bearer, name) =>
    name === 'alice'
      ? http('PUT', '/v1/presence', bearer, { state: 'busy' })
      : http('GET', `/v1/presence/${name}`, bearer),
  'POST /v1/invitations': (bearer) =>
    http('POST', '/v1/invitations', bearer, { endpoints: [{ user: 'bob' }], connection: { offer: 1 } }),
  async 'the channel'(bearer, name) {
    const client = await TestClient.connect(server.url)
    client.send({ type: 'hello', token: bearer, device: `${name}s-phone` })
    const answer = await client.next()
    if (answer.type === 'welcome') {
      await client.close()
      return 'welcome'
    }
    const { type } = answer['problem'] as { type: string }
    return `${String((await client.closed).code)} ${type.replace('/problems/', '')}`
  },
  async 'a SIP REGISTER'(bearer, name) {
    const phone = await phoneOf(name)
    const response = await phone.register({ headers: { Authorization: `Bearer ${bearer}` } })
    await phone.close()
    return sip(response)
  },
  async 'a SIP INVITE'(bearer, name) {
    const phone = await phoneOf(name)
    const call = await phone.call('sip:bob@example.net', { headers: { Authorization: `Bearer ${bearer}` } })
    const outcome = await call.outcome
    await phone.close()
    return outcome.kind === 'failed' ? sip(outcome.response) : outcome.kind
  },
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token with the claims of this one, which another algorithm is said to vouch for. */
const FORGERIES: Readonly<Record<string, (good: string) => string>> = {
  'no signature at all': (good) => `${part({ alg: 'none', kid: 'k' })}.${good.split('.')[1] ?? ''}.`,
  'the public key as a secret': (good) => {
    const signed = `${part({ alg: 'HS256', kid: 'k' })}.${good.split('.')[1] ?? ''}`
    const secret = pem(pair.publicKey, 'spki')
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
  },
  'RS256 in its header': (good) => {
    const [, body = '', signature = ''] = good.split('.')
    return `${part({ alg: 'RS256', kid: 'k' })}.${body}.${signature}`
  },
  'an RSA key of its own': (good) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const signed = `${part({ alg: 'RS256', kid: 'k' })}.${good.split('.')[1] ?? ''}`
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
  },
}

/** What each entry answers: to a good token, without the grant, in another's name, and to what is no token. */
const ANSWERS: Readonly<
  Record<string, readonly [good: string, ungranted: string, foreign: string, bad: string]>
> = {
  'PUT /v1/devices': ['201', '403 grant-missing devices', '409 device-conflict', '401 token-invalid'],
  '/v1/presence': ['200', '403 grant-missing presence', '403 grant-missing presence', '401 token-invalid'],
  'POST /v1/invitations': ['201', '403 grant-missing invitations', '', '401 token-invalid'],
  'the channel': ['welcome', '4004 grant-missing', '4004 token-foreign', '4002 token-invalid'],
  'a SIP REGISTER': ['200', '401 insufficient_scope register', '403', '401 invalid_token'],
  // Nobody is there.
  'a SIP INVITE': ['480', '403 insufficient_scope outgoing', '403', '401 invalid_token'],
}

describe.each(Object.keys(ENTRIES))('at %s', (at) => {
  const entry: Entry = (...given) => (ENTRIES[at] ?? expect.fail)(...given)
  const [good = '', ungranted = '', , bad = ''] = ANSWERS[at] ?? []

  test('a token is taken, and not any more once it is revoked', async () => {
    const jti = `revoked at ${at}`
    const mine = await token(ALL, 'alice', { jti })
    expect(await entry(mine, 'alice')).toBe(good)
    const revoked = await fetch(`${server.url}/v1/tokens/${encodeURIComponent(jti)}`, { method: 'DELETE' })
    expect(revoked.status).toBe(204)
    expect(await entry(mine, 'alice')).toBe(bad)
  })

  test('a token without the grant is told which is missing', async () => {
    expect(await entry(await token({}), 'alice')).toBe(ungranted)
  })

  test.each(Object.keys(FORGERIES))('a token with %s is none', async (how) => {
    const forged = FORGERIES[how]?.(await token(ALL)) ?? ''
    expect(await entry(forged, 'alice')).toBe(bad)
  })
})

// An invitation is of whoever makes it.
const named = Object.keys(ENTRIES).filter((at) => ANSWERS[at]?.[2] !== '')

test.each(named)('at %s a token of another client’s is refused', async (at) => {
  expect(await ENTRIES[at]?.(await token(ALL), 'bob')).toBe(ANSWERS[at]?.[2])
})
