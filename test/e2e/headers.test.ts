import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  header,
  headerList,
  type Caller,
  type CallOptions,
  type SipRequest,
  type SipResponse,
} from '../../src/demo/index.js'
import { engines } from '../support/engines.js'
import { TestServer, users, type ConfigTree } from '../support/server.js'

const everybody = { users: users(['ada', 'ben', 'cleo'], { numbers: [] }) }

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start(everybody)
})
afterAll(() => server.close())
afterEach(async () => {
  server.reload(everybody)
  await server.quiet()
})

function reload(tree: ConfigTree): void {
  server.reload({ ...everybody, ...tree })
}

type Headers = NonNullable<CallOptions['headers']>

/** The INVITE that the phone of ada gets for a call with these headers. */
async function inviteToPhone(headers: Headers, trusted = true): Promise<SipRequest> {
  reload({ trunks: { carrier: { trusted } } })
  const phone = await server.phone('ada')
  expect((await phone.register()).status).toBe(200)
  const caller = await server.caller({ displayName: 'Alice Example' })
  const call = await caller.call('sip:ada@example.net', { headers })
  const incoming = await phone.nextCall()
  await call.answered()
  call.hangUp()
  await incoming.ended
  await phone.unregister()
  return incoming.invite
}

async function refusal(caller: Caller, uri: string, headers: Headers = {}): Promise<SipResponse> {
  const call = await caller.call(uri, { headers })
  const outcome = await call.outcome
  if (outcome.kind !== 'failed') throw new Error(`the call was ${outcome.kind}`)
  return outcome.response
}

const asserted = '"Bob Example" <sip:+15557777@carrier.example>'

describe('who calls', () => {
  test("is the asserted identity of a trusted trunk, rather than the caller's own word", async () => {
    const invite = await inviteToPhone({ 'P-Asserted-Identity': asserted })
    expect(header(invite, 'From')).toMatch(/^"Bob Example" <sip:\+15557777@example\.net>;tag=/)
    expect(headerList(invite, 'P-Asserted-Identity')).toEqual([asserted])
  })

  test('is From where a trunk that is not trusted asserts something else, and its assertion stays behind', async () => {
    const invite = await inviteToPhone({ 'P-Asserted-Identity': asserted }, false)
    expect(header(invite, 'From')).toMatch(/^"Alice Example" <sip:\+15550000@example\.net>;tag=/)
    expect(header(invite, 'P-Asserted-Identity')).toBeUndefined()
  })

  test.each(['id', 'user', 'header;session', 'id;critical'])(
    'is nobody where the caller asked for privacy: %s',
    async (privacy) => {
      const invite = await inviteToPhone({ Privacy: privacy, 'P-Asserted-Identity': asserted })
      expect(header(invite, 'From')).toMatch(/^"Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/)
      expect(header(invite, 'P-Asserted-Identity')).toBeUndefined()
      expect(header(invite, 'Privacy')).toBe(privacy)
      expect(JSON.stringify(invite)).not.toContain('15557777')
      expect(JSON.stringify(invite)).not.toContain('15550000')
      expect(JSON.stringify(invite)).not.toContain('Alice')
    },
  )

  test('is nobody in the push either where the caller asked for privacy', async () => {
    const phone = await server.sleepingPhone('token-ben', 'ben', { protocol: 'tcp' })
    const caller = await server.caller({ displayName: 'Alice Example' })
    const call = await caller.call('sip:ben@example.net', { headers: { Privacy: 'id' } })
    const { payload } = await server.push.nextPush('token-ben')
    expect(payload['caller']).toBe('anonymous')
    expect(payload).not.toHaveProperty('callerName')
    call.hangUp()
    await call.ended
    await phone.close()
  })
})

const diversion = ['<sip:+15551111@carrier.example>;reason=user-busy;counter=1']
const history = ['<sip:+15551111@carrier.example>;index=1', '<sip:ada@example.net>;index=1.1']

describe('what else of the INVITE a phone gets', () => {
  test('the diversions and the history of a trusted trunk', async () => {
    const invite = await inviteToPhone({ Diversion: diversion, 'History-Info': history })
    expect(headerList(invite, 'Diversion')).toEqual(diversion)
    expect(headerList(invite, 'History-Info')).toEqual(history)
  })

  test('no diversion and no history of a trunk that is not trusted', async () => {
    const invite = await inviteToPhone({ Diversion: diversion, 'History-Info': history }, false)
    expect(header(invite, 'Diversion')).toBeUndefined()
    expect(header(invite, 'History-Info')).toBeUndefined()
  })

  test.each([true, false])(
    'what is from end to end, as it came, from a trunk that is trusted: %s',
    async (trusted) => {
      const userToUser = '56a390f3d2b7310023a2;encoding=hex;purpose=foo;content=bar'
      const identity = 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln;info=<https://cert.example/a.pem>;alg=ES256;ppt=shaken'
      const invite = await inviteToPhone({ 'User-to-User': userToUser, Identity: identity }, trusted)
      expect(headerList(invite, 'User-to-User')).toEqual([userToUser])
      expect(headerList(invite, 'Identity')).toEqual([identity])
    },
  )

  test('nothing that nobody asked to be passed on', async () => {
    const invite = await inviteToPhone({
      'X-Secret': 'internal',
      'P-Charging-Vector': 'icid-value=1234',
      Route: `<sip:127.0.0.1:${server.address().port};lr>`,
      'Call-Info': '<http://carrier.example/photo.jpg>;purpose=icon',
      Subject: 'Something private',
      'X-Call-Id': 'of-somebody-else',
      'P-Early-Media': 'supported',
    })
    const allowed = [
      ...['Via', 'Max-Forwards', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Content-Type'],
      ...['Content-Length', 'X-Call-Id', 'Allow', 'Supported', 'Session-Expires', 'Min-SE', 'User-Agent'],
    ].map((name) => name.toLowerCase())
    const names = invite.headers.map(({ name }) => name.toLowerCase())
    expect(names.filter((name) => !allowed.includes(name))).toEqual([])
    expect(header(invite, 'X-Call-Id')).not.toBe('of-somebody-else')
    expect(header(invite, 'User-Agent')).toMatch(/^Reveille/)
  })

  test('one hop less', async () => {
    const invite = await inviteToPhone({ 'Max-Forwards': '11' })
    expect(header(invite, 'Max-Forwards')).toBe('10')
  })

  test('the ids that its push named, so that the app shows one call', async () => {
    const phone = await server.sleepingPhone('token-cleo', 'cleo', { protocol: 'tcp' })
    const caller = await server.caller()
    const call = await caller.call('sip:cleo@example.net')
    const { payload } = await server.push.nextDelivery('token-cleo')
    await phone.wake()
    const incoming = await phone.nextCall()
    expect(header(incoming.invite, 'X-Call-Id')).toBe(payload['callId'])
    expect(header(incoming.invite, 'Call-ID')).toBe(payload['sipCallId'])
    expect(payload).toMatchObject({ caller: '+15550000', callee: 'cleo' })
    call.hangUp()
    await incoming.ended
  })
})

describe('a call that is refused', () => {
  test('has no hop left: 483', async () => {
    const response = await refusal(await server.caller(), 'sip:ada@example.net', { 'Max-Forwards': '0' })
    expect(response.status).toBe(483)
  })

  test('came back to where it was sent on to: 482', async () => {
    const trunk = await server.caller()
    const { host, port } = trunk.peer.local
    reload({
      trunks: { mirror: { proxy: `sip:${host}:${port}` } },
      routes: [{ match: '+15559999', uri: `sip:+15559999@${host}:${port}`, trunk: 'mirror' }],
    })
    const caller = await server.caller()
    const call = await caller.call('sip:+15559999@example.net')
    const sentOn = await trunk.nextCall()
    const back = await trunk.call('sip:+15559999@example.net', {
      headers: { 'X-Call-Id': header(sentOn.invite, 'X-Call-Id') ?? '' },
    })
    expect(await back.outcome).toMatchObject({ kind: 'failed', status: 482 })
    sentOn.decline(482)
    expect(await call.outcome).toMatchObject({ kind: 'failed', status: 482 })
  })

  test('requires what we do not know: 420, and it is named', async () => {
    const response = await refusal(await server.caller(), 'sip:ada@example.net', {
      Require: 'timer, teleport, 100rel',
    })
    expect(response.status).toBe(420)
    expect(headerList(response, 'Unsupported')).toEqual(['teleport'])
  })

  test('comes from a network that is no trunk: a client’s, which is asked who it is', async () => {
    reload({ trunks: { carrier: { match: ['192.0.2.0/24'] } } })
    expect((await refusal(await server.caller(), 'sip:ada@example.net')).status).toBe(401)
  })

  test('is for a number that nobody has: 404', async () => {
    expect((await refusal(await server.caller(), 'sip:+15550404@example.net')).status).toBe(404)
  })

  test('is for a number that is routed to a status: that status', async () => {
    reload({ routes: [{ match: '+1900*', status: 603 }] })
    expect((await refusal(await server.caller(), 'sip:+19005555@example.net')).status).toBe(603)
  })

  test('reaches its user by a route, with the number written either way', async () => {
    reload({ routes: [{ match: '+1777*', user: 'ada' }] })
    const phone = await server.phone('ada')
    await phone.register()
    const caller = await server.caller()
    for (const uri of ['sip:+17775555@example.net', 'sip:0017775555@example.net', 'tel:+1-777-5555']) {
      const call = await caller.call(uri)
      await call.answered()
      call.hangUp()
      await call.ended
    }
    await phone.unregister()
  })
})

describe('a request that is no call', () => {
  // A drachtio server drops a REFER outside of a dialog, and methods that it does not know (docs/decisions/0013).
  const refer = engines.drachtio === undefined ? ['REFER'] : []

  test.each(['MESSAGE', 'PUBLISH', 'NOTIFY', 'INFO', ...refer])(
    '%s gets 405 and what is allowed',
    async (method) => {
      const response = await request(await server.caller(), method)
      expect(response.status).toBe(405)
      expect(header(response, 'Allow')).toContain('INVITE')
    },
  )

  test.skipIf(engines.drachtio)('a method that nobody knows gets 501', async () => {
    expect((await request(await server.caller(), 'TELEPORT')).status).toBe(501)
  })

  test('a BYE of no call gets 481', async () => {
    expect((await request(await server.caller(), 'BYE', ';tag=unknown')).status).toBe(481)
  })

  test('OPTIONS gets 200 and what is allowed', async () => {
    const response = await request(await server.caller(), 'OPTIONS')
    expect(response.status).toBe(200)
    expect(header(response, 'Allow')).toContain('REGISTER')
    expect(header(response, 'Accept')).toBe('application/sdp')
  })
})

function request(caller: Caller, method: string, toParams = ''): Promise<SipResponse> {
  const uri = 'sip:ada@example.net'
  const fields = {
    'Max-Forwards': '70',
    From: `<${caller.addressOfRecord}>;tag=1`,
    To: `<${uri}>${toParams}`,
    'Call-ID': randomUUID(),
    CSeq: `1 ${method}`,
    Contact: `<${caller.contact()}>`,
    Event: 'presence',
  }
  const headers = Object.entries(fields).map(([name, value]) => ({ name, value }))
  return caller.exchange(method, uri, () => ({ kind: 'request', method, uri, headers, body: '' }))
}
