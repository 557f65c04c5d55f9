import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  header,
  headerLines,
  headerList,
  type CallOptions,
  type IncomingCall,
  type OutgoingCall,
  type Phone,
  type SipResponse,
} from '../../src/demo/index.js'
import { ANYBODY, AWAY, CallingWorld, hangUp, talk } from './support/calling.js'

const away = `sip:${AWAY}@example.net`

let world: CallingWorld

beforeAll(async () => {
  world = await CallingWorld.open()
})
afterAll(() => world.close())
beforeEach(() => {
  world.configure()
  world.carrier.onInvite({ answerAfterMs: 10 })
})
afterEach(() => world.server.quiet())

interface Made {
  readonly call: OutgoingCall
  readonly incoming: IncomingCall
}

/** A call that the carrier has answered. */
async function answered(phone: Phone, options: CallOptions = {}, uri = away): Promise<Made> {
  const call = await phone.call(uri, options)
  const incoming = await world.carrier.nextCall()
  await call.answered()
  await incoming.established
  return { call, incoming }
}

async function refusal(phone: Phone, uri = away, options: CallOptions = {}): Promise<SipResponse> {
  const call = await phone.call(uri, options)
  const outcome = await call.outcome
  if (outcome.kind !== 'failed') throw new Error(`the INVITE was not refused: ${outcome.kind}`)
  return outcome.response
}

function bearer(token: string): CallOptions {
  return { headers: { Authorization: `Bearer ${token}` } }
}

/** An app without a password. */
const app = (user = 'alice') => world.server.phone(user, { credentials: undefined })

describe('a call of a user with a password', () => {
  test('is challenged, goes out through the trunk, and both hear each other', async () => {
    const phone = await world.server.phone('alice')
    const { call, incoming } = await answered(phone)
    expect(incoming.invite.uri).toMatch(/^sip:\+12025550123@127\.0\.0\.1:/)
    expect(header(incoming.invite, 'From')).toMatch(/^"Alice Ames" ?<sip:\+15551001@example\.net>/)
    expect(header(incoming.invite, 'P-Asserted-Identity')).toBe('<sip:+15551001@example.net>')
    expect(header(incoming.invite, 'Authorization')).toBeUndefined()
    expect(call.provisionals.map(({ status }) => status)).toContain(180)
    await talk(call.media, incoming.media)
    await hangUp(call, incoming)
  })

  test('is kept with the name of who called, and no trunk that it came by', async () => {
    const { call, incoming } = await answered(await world.server.phone('alice'))
    await hangUp(call, incoming)
    const id = header(incoming.invite, 'X-Call-Id')
    await expect
      .poll(async () => (await fetch(`${world.server.url}/v1/admin/calls/${id}`)).json())
      .toMatchObject({
        call: {
          client: 'alice',
          trunk: null,
          from: '+15551001',
          to: AWAY,
          ending: { cause: 'hung-up', by: 'caller' },
        },
      })
  })

  test('ends when the other side hangs up', async () => {
    const { call, incoming } = await answered(await world.server.phone('alice'))
    await hangUp(incoming, call)
    expect(await call.ended).toMatchObject({ how: 'bye', by: 'them' })
  })

  test('gets the answer of who is busy', async () => {
    world.carrier.onInvite({ decline: { status: 486 } })
    expect((await refusal(await world.server.phone('alice'))).status).toBe(486)
    await world.carrier.nextCall()
  })

  test('is cancelled at the carrier too', async () => {
    world.carrier.onInvite({})
    const phone = await world.server.phone('alice')
    const call = await phone.call(away)
    const incoming = await world.carrier.nextCall()
    await call.provisional(180)
    call.cancel()
    expect(await incoming.ended).toMatchObject({ how: 'cancelled', by: 'them' })
    expect(await call.outcome).toMatchObject({ kind: 'cancelled' })
  })

  test('to another user stays within, and shows the caller by name', async () => {
    const bob = await world.server.registeredPhone('bob')
    const phone = await world.server.phone('alice')
    for (const uri of ['sip:bob@example.net', 'sip:+15551002@example.net']) {
      const call = await phone.call(uri)
      const incoming = await bob.nextCall()
      await call.answered()
      expect(header(incoming.invite, 'From')).toContain('<sip:alice@example.net>')
      expect(header(incoming.invite, 'P-Asserted-Identity')).toBeUndefined()
      await hangUp(call, incoming)
    }
  })

  test('to a number written in another way is the same call', async () => {
    const { call, incoming } = await answered(await world.server.phone('alice'), {}, 'tel:00-1-202-555-0123')
    expect(incoming.invite.uri).toContain('sip:+12025550123@')
    await hangUp(call, incoming)
  })

  test('without a name shown is known to a trunk that is trusted, and is private there', async () => {
    const { call, incoming } = await answered(await world.server.phone('alice'), {
      from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
    })
    const { invite } = incoming
    expect(header(invite, 'From')).toContain('<sip:anonymous@anonymous.invalid>')
    expect(header(invite, 'P-Asserted-Identity')).toBe('<sip:+15551001@example.net>')
    expect(header(invite, 'Privacy')).toBe('id')
    await hangUp(call, incoming)
  })

  test('is not vouched for at a trunk that is not trusted', async () => {
    world.configure({}, { trusted: false })
    const { call, incoming } = await answered(await world.server.phone('alice'))
    expect(header(incoming.invite, 'P-Asserted-Identity')).toBeUndefined()
    expect(header(incoming.invite, 'From')).toContain('<sip:+15551001@example.net>')
    await hangUp(call, incoming)
  })

  test('brings no identity of its own along', async () => {
    const { call, incoming } = await answered(await world.server.phone('alice'), {
      headers: {
        'P-Asserted-Identity': '<sip:+15559999@example.net>',
        Identity: 'forged;info=<https://example.net>',
        Diversion: '<sip:+15559999@example.net>',
      },
    })
    expect(headerList(incoming.invite, 'P-Asserted-Identity')).toEqual(['<sip:+15551001@example.net>'])
    expect(header(incoming.invite, 'Identity')).toBeUndefined()
    expect(header(incoming.invite, 'Diversion')).toBeUndefined()
    await hangUp(call, incoming)
  })
})

describe('a call with a token', () => {
  test('needs no challenge, and shows the number that the grant has', async () => {
    const token = await world.token({ outgoing: { to: ['+1*'], callerIds: ['+15557000'] } })
    const { call, incoming } = await answered(await app(), bearer(token))
    expect(header(incoming.invite, 'From')).toContain('<sip:+15557000@example.net>')
    await talk(call.media, incoming.media)
    await hangUp(call, incoming)
  })

  test('may be made by a client that the configuration does not know', async () => {
    const grants = { incoming: true, outgoing: ANYBODY } as const
    const token = await world.token(grants, { user: 'tablet' })
    const bob = await world.server.registeredPhone('bob')
    const call = await (await app('tablet')).call('sip:bob@example.net', bearer(token))
    const incoming = await bob.nextCall()
    await call.answered()
    expect(header(incoming.invite, 'From')).toContain('<sip:tablet@example.net>')
    await hangUp(call, incoming)
  })

  test('of a user that the configuration has no more is no proof', async () => {
    const token = await world.token({ outgoing: ANYBODY }, { user: 'dave' })
    const response = await refusal(await app('dave'), away, bearer(token))
    expect(response.status).toBe(401)
    expect(headerLines(response, 'WWW-Authenticate')).toContain(
      'Bearer realm="example.net", scope="outgoing", error="invalid_token"',
    )
  })

  test('that is cancelled while the token is looked at leaves nothing behind', async () => {
    const token = await world.token({ outgoing: { ...ANYBODY, calls: 1 } })
    await world.server.registeredPhone('bob')
    const phone = await app()
    for (let round = 0; round < 5; round++) {
      const call = await phone.call('sip:bob@example.net', bearer(token))
      call.cancel({ eager: true })
      expect(await call.outcome).toMatchObject({ kind: 'cancelled' })
      await world.server.quiet()
    }
    // The one call at once that the grant has is free again.
    const call = await phone.call('sip:bob@example.net', bearer(token))
    await call.answered()
    call.hangUp()
    await call.ended
  })

  test('shows another number of the grant where it prefers that', async () => {
    const token = await world.token({ outgoing: { to: ['*'], callerIds: ['+15557000', '+15557001'] } })
    const preferred = { 'P-Preferred-Identity': '<sip:+15557001@example.net>' }
    const { headers } = bearer(token)
    const { call, incoming } = await answered(await app(), { headers: { ...headers, ...preferred } })
    expect(header(incoming.invite, 'From')).toContain('<sip:+15557001@example.net>')
    await hangUp(call, incoming)
  })

  test('that does not grant it is refused, and told which grant is missing', async () => {
    const token = await world.token({ register: true, channel: true })
    const response = await refusal(await app(), away, bearer(token))
    expect(response).toMatchObject({ status: 403, reason: 'Grant outgoing Missing' })
    expect(header(response, 'WWW-Authenticate')).toBe(
      'Bearer realm="example.net", scope="outgoing", error="insufficient_scope"',
    )
  })

  test('that was altered, or is signed in another way, is no proof', async () => {
    const token = await world.token({ outgoing: ANYBODY })
    const [head = '', body = ''] = token.split('.')
    const json = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
    const forged = [
      `${head}.${json({ ...claims, user: 'bob' })}.${token.split('.')[2] ?? ''}`,
      `${json({ alg: 'none', kid: 'k' })}.${body}.`,
    ]
    for (const one of forged) {
      const response = await refusal(await app(), away, bearer(one))
      expect(response.status).toBe(401)
      expect(headerList(response, 'WWW-Authenticate').join()).toContain('error="invalid_token"')
    }
  })

  test('that was revoked is no proof any more', async () => {
    const token = await world.token({ outgoing: ANYBODY }, { jti: 'lost-phone' })
    const { call, incoming } = await answered(await app(), bearer(token))
    await hangUp(call, incoming)
    await world.revoke('lost-phone')
    expect((await refusal(await app(), away, bearer(token))).status).toBe(401)
  })

  test('of a call is none to make calls with', async () => {
    const expiresAt = Date.now() * 1000 + 60_000_000
    const token = await world.tokens.mintCall({ callId: 'x', deviceId: 'd', user: 'alice', expiresAt })
    expect((await refusal(await app(), away, bearer(token))).status).toBe(401)
  })

  test('is taken from an address of a trunk as well', async () => {
    world.configure({}, { match: ['127.0.0.0/8'] })
    const token = await world.token({ outgoing: { to: ['user:*'] } })
    expect(await refusal(await app(), away, bearer(token))).toMatchObject({
      status: 403,
      reason: 'Destination Not Allowed',
    })
  })
})

describe('a call that is not allowed', () => {
  test('shows no credentials: it is asked for a password, in all algorithms', async () => {
    const response = await refusal(await app())
    expect(response.status).toBe(401)
    expect(headerLines(response, 'WWW-Authenticate').map((one) => one.split(' ')[0])).toEqual([
      'Digest',
      'Digest',
    ])
  })

  test('has a wrong password: 401', async () => {
    const phone = await world.server.phone('alice', { credentials: { username: 'alice', password: 'x' } })
    expect((await refusal(phone)).status).toBe(401)
  })

  test('is of a user who may call nobody: 403', async () => {
    expect(await refusal(await world.server.phone('bob'))).toMatchObject({ status: 403 })
  })

  test('names somebody else in From: 403', async () => {
    const phone = await world.server.phone('alice')
    for (const from of ['<sip:bob@example.net>', '<sip:+15551002@example.net>']) {
      expect((await refusal(phone, away, { from })).status).toBe(403)
    }
  })

  test.each([
    ['leads where the grant does not', { to: ['+44*'] }, {}, 403, 'Destination Not Allowed'],
    ['leads to a blocked number', {}, { block: ['+1202*'] }, 403, 'Destination Blocked'],
    ['is one too many at once', { calls: 1 }, {}, 486, 'Too Many Calls'],
    ['is one too many to such numbers', {}, { limits: [{ prefix: '+1*', calls: 1 }] }, 486, 'Too Many Calls'],
    ['is one too many a minute', {}, { 'per-minute': 1 }, 480, 'Too Many Attempts'],
  ])('%s: it is refused, logged and counted', async (_, grant, outgoing, status, reason) => {
    const user = `u${Math.random().toString(36).slice(2)}`
    const open = { password: 'secret', outgoing: { ...ANYBODY, ...grant } }
    world.configure({ users: { [user]: open }, outgoing })
    const phone = await world.server.phone(user)
    const first = status === 403 ? undefined : await answered(phone)
    const before = await refused()
    const response = await refusal(phone)
    expect(response).toMatchObject({ status, reason })
    expect(header(response, 'Retry-After')).toEqual(
      status === 480 ? expect.stringMatching(/^\d+$/) : undefined,
    )
    expect((await refused()) - before).toBe(1)
    const line = world.server.logged.findLast(({ msg }) => msg === 'a call of a client was refused')
    expect(line).toMatchObject({ level: 'warn', client: user, to: away })
    if (first !== undefined) await hangUp(first.call, first.incoming)
  })

  test('leads where no trunk does: 404', async () => {
    world.configureTrunks({ inbound: { match: ['192.0.2.0/24'] } })
    expect((await refusal(await world.server.phone('alice'))).status).toBe(404)
  })

  test('is for a user who is not there: 480, as it would be from outside', async () => {
    expect((await refusal(await world.server.phone('alice'), 'sip:carol@example.net')).status).toBe(480)
  })
})

async function refused(): Promise<number> {
  const samples = await world.server.metric('reveille_outgoing_refused_total')
  return [...samples.values()].reduce((sum, value) => sum + value, 0)
}
