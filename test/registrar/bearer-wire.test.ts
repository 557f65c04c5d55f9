import { once } from 'node:events'
import { connect } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { createSignaling } from '../../src/adapters/drachtio/signaling.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import { createTokens } from '../../src/clients/tokens/tokens.js'
import { startSipServer } from '../../src/embedded/sip/index.js'
import { createBearer } from '../../src/registrar/auth/bearer.js'
import { createRegistrar } from '../../src/registrar/registrar.js'
import { FakeStore } from '../support/fake-store.js'
import { sharedKeys } from '../tokens/keys.js'

const quiet = () => undefined
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
const store = new FakeStore()
let tokens: ReturnType<typeof createTokens>
let port: number

beforeAll(async () => {
  tokens = createTokens({ keys: await sharedKeys(), clock: systemClock })
  const bearer = createBearer({
    ...{ realm: 'localhost', tokens, uses: store, clock: systemClock },
    isUser: (name) => name === 'alice',
  })
  const registrar = createRegistrar({
    ...{ store, log, clock: systemClock, realm: 'localhost', authenticators: [bearer] },
    bus: { publish: () => Promise.resolve() },
    users: () => () => undefined,
    limits: { minExpires: 60_000, defaultExpires: 600_000, maxExpires: 600_000, nonceLifetime: 60_000 },
    pushProviders: () => new Set(),
    ids: () => 'b1',
  })
  const server = await startSipServer({
    control: {},
    listen: [{ protocol: 'tcp', host: '127.0.0.1', port: 0 }],
  })
  let up: () => void = quiet
  const connected = new Promise<void>((resolve) => (up = resolve))
  const signaling = createSignaling(
    [{ name: 'embedded', ...server.control }],
    {
      ...{ invite: quiet, options: quiet, other: quiet, gatewayLost: quiet, gatewayUp: () => up() },
      register: (request) => void registrar.register(request),
    },
    systemClock,
    log,
  )
  await connected
  port = signaling.gateways[0]?.listening[0]?.port ?? 0
  return async () => {
    await registrar.close()
    await signaling.close()
    await server.close()
  }
})

/** The response to one REGISTER on a connection of its own, as text. */
async function register(...authorization: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const branch = Math.random().toString(36).slice(2)
  socket.write(
    [
      'REGISTER sip:localhost SIP/2.0',
      `Via: SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bK${branch}`,
      'From: <sip:alice@localhost>;tag=1',
      'To: <sip:alice@localhost>',
      `Call-ID: ${branch}`,
      'CSeq: 1 REGISTER',
      'Max-Forwards: 70',
      'Contact: <sip:alice@127.0.0.1:1;transport=tcp>',
      ...authorization.map((value) => `Authorization: ${value}`),
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n'),
  )
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (text.includes('\r\n\r\n')) break
  }
  socket.destroy()
  return text
}

describe('over a real connection, a REGISTER with a call token', () => {
  const mint = () => {
    const expiresAt = systemClock.now() + 60_000_000
    return tokens.mintCall({ callId: 'c', deviceId: 'd', user: 'alice', expiresAt })
  }

  it('gets its 200 in one round trip, and another connection with the same token 401', async () => {
    const token = await mint()
    expect(await register(`Bearer ${token}`)).toMatch(/^SIP\/2\.0 200 /)
    const reused = await register(`Bearer ${token}`)
    expect(reused).toMatch(/^SIP\/2\.0 401 /)
    const challenges = [...reused.matchAll(/^WWW-Authenticate: (\w+) .*$/gm)].map(([, scheme]) => scheme)
    expect(challenges).toEqual(['Digest', 'Digest', 'Bearer'])
    expect(reused).toContain(
      'WWW-Authenticate: Bearer realm="localhost", scope="register", error="invalid_token"',
    )
  })

  it('and credentials of a proxy in the same line or beside it is accepted', async () => {
    const other = 'Digest username="x", realm="elsewhere", nonce="n", uri="sip:x", response="00"'
    expect(await register(other, `Bearer ${await mint()}`)).toMatch(/^SIP\/2\.0 200 /)
    expect(await register(`${other}, Bearer ${await mint()}`)).toMatch(/^SIP\/2\.0 200 /)
  })

  it.each(['Bearer', 'Bearer ,', 'Bearer a b', `Bearer ${'a'.repeat(5000)}`, 'Bearer "x"'])(
    'that is no grammatical one (%.12s) gets 400 or 401, and the next one is served',
    async (value) => {
      expect(await register(value)).toMatch(/^SIP\/2\.0 40[01] /)
      expect(await register(`Bearer ${await mint()}`)).toMatch(/^SIP\/2\.0 200 /)
    },
  )
})
