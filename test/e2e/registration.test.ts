import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { header, headerList, type Phone, type SipResponse } from '../../src/demo/index.js'
import { engines } from '../support/engines.js'
import { pushParams, TestServer, users } from '../support/server.js'

const everybody = users(['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gil', 'hana'])

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({ users: everybody })
})
afterAll(() => server.close())
afterEach(() => server.quiet())

function contacts(response: SipResponse): string[] {
  return headerList(response, 'Contact')
}

function expiry(response: SipResponse): number {
  return Number(/;expires=(\d+)/.exec(contacts(response)[0] ?? '')?.[1])
}

/** Calls the user once, and tells how that went. */
async function statusOfCallTo(user: string): Promise<number> {
  const caller = await server.caller()
  const call = await caller.call(`sip:${user}@example.net`)
  const outcome = await call.outcome
  if (outcome.kind === 'cancelled') throw new Error('the call was cancelled')
  call.hangUp()
  await call.ended
  return outcome.response.status
}

describe.each(['udp', 'tcp'] as const)('over %s', (protocol) => {
  const user = protocol === 'udp' ? 'ada' : 'ben'

  test('a phone registers, refreshes, is listed, unregisters, and is called only in between', async () => {
    expect(await statusOfCallTo(user)).toBe(480)
    const phone = await server.phone(user, { protocol })
    const registered = await phone.register({ expires: 600 })
    expect(registered.status).toBe(200)
    expect(contacts(registered)).toHaveLength(1)
    expect(expiry(registered)).toBe(600)
    expect(await statusOfCallTo(user)).toBe(200)

    const refreshed = await phone.register({ expires: 1200 })
    expect(contacts(refreshed)).toHaveLength(1)
    expect(expiry(refreshed)).toBe(1200)

    const listed = await phone.query()
    expect(listed.status).toBe(200)
    expect(contacts(listed)[0]).toContain(phone.contact())

    const gone = await phone.unregister()
    expect(gone.status).toBe(200)
    expect(contacts(gone)).toEqual([])
    expect(await statusOfCallTo(user)).toBe(480)
  })

  test.each(['MD5', 'SHA-256'] as const)('a phone that knows %s proves its password', async (digest) => {
    const phone = await server.phone(user, { protocol, digest })
    expect((await phone.register()).status).toBe(200)
    await phone.unregister()
  })

  test('a wrong password, and a user that nobody knows, are refused alike', async () => {
    const guesser = await server.phone(user, { protocol, credentials: { username: user, password: 'guess' } })
    const stranger = await server.phone('nobody', { protocol })
    const answers = [await guesser.register(), await stranger.register()]
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
    expect(await statusOfCallTo(user)).toBe(480)
  })
})

test("nobody registers under another's name", async () => {
  const phone = await server.phone('cleo', { credentials: { username: 'dan', password: 'secret' } })
  expect((await phone.register()).status).toBe(403)
  expect(await statusOfCallTo('cleo')).toBe(480)
})

test('a registration that is too short is refused with the shortest that will do, which then is taken', async () => {
  const phone = await server.phone('cleo')
  const registered = await phone.register({ expires: 10 })
  const refused = phone.log.find((message) => message.kind === 'response' && message.status === 423)
  expect(refused.map((one) => header(one, 'Min-Expires'))).toEqual(['60'])
  expect(expiry(registered)).toBe(60)
  await phone.unregister()
})

test('a wildcard removes every phone of the user at once', async () => {
  const [one, other] = [await server.registeredPhone('cleo'), await server.registeredPhone('cleo')]
  expect(contacts(await one.query())).toHaveLength(2)
  const gone = await other.unregister({ all: true })
  expect(gone.status).toBe(200)
  expect(contacts(gone)).toEqual([])
  expect(await statusOfCallTo('cleo')).toBe(480)
})

describe('a phone that can be pushed', () => {
  test('is told which push service serves it', async () => {
    const phone = await server.phone('dan')
    const registered = await phone.register({ contactParams: pushParams('token-dan') })
    expect(header(registered, 'Feature-Caps')).toContain('+sip.pns="acme"')
  })

  test('with a push service that nobody configured is refused with 555', async () => {
    const phone = await server.phone('dan')
    const refused = await phone.register({
      contactParams: { ...pushParams('token'), 'pn-provider': 'other' },
    })
    expect(refused.status).toBe(555)
  })

  test('is not pushed any more once it has unregistered', async () => {
    const phone = await server.registeredPhone('eve', 'token-eve')
    expect((await phone.unregister()).status).toBe(200)
    expect(await statusOfCallTo('eve')).toBe(480)
    expect(server.push.pushesTo('token-eve')).toEqual([])
  })

  test('whose app another user logs in to is no longer pushed for the first', async () => {
    const first = await server.sleepingPhone('token-shared', 'finn', { protocol: 'tcp' })
    await server.sleepingPhone('token-shared', 'gil', { protocol: 'tcp' })
    expect(await statusOfCallTo('finn')).toBe(480)
    expect(server.push.pushesTo('token-shared')).toEqual([])
    await first.close()
  })
})

describe('the flow of a registration', () => {
  test('over TCP takes the INVITE, although the Contact names another address', async () => {
    const phone = await server.phone('hana', { protocol: 'tcp' })
    const { port } = phone.peer.local
    const registered = await phone.register({
      headers: { Contact: '<sip:hana@192.0.2.1:5060;transport=tcp>;expires=600' },
    })
    expect(registered.status).toBe(200)
    const caller = await server.caller()
    const call = await caller.call('sip:hana@example.net')
    const incoming = await phone.nextCall()
    await call.answered()
    expect(incoming.invite.uri).toContain('192.0.2.1')
    expect(phone.peer.local.port).toBe(port)
    call.hangUp()
    await incoming.ended
    await phone.close()
  })

  test('over TCP is kept alive by double CRLF, which the server answers', async () => {
    const phone = await server.phone('hana', { protocol: 'tcp' })
    const before = phone.peer.stats().pongs
    for (const pongs of [1, 2, 3]) {
      phone.peer.keepAlive(phone.proxy)
      await expect.poll(() => phone.peer.stats().pongs).toBe(before + pongs)
    }
    expect((await phone.query()).status).toBe(200)
  })

  // A drachtio server reads no more from a connection after this (docs/decisions/0013).
  test.skipIf(engines.drachtio)('over TCP takes keep-alives and a request in one segment', async () => {
    const phone = await server.phone('hana', { protocol: 'tcp' })
    const [before, more] = [phone.peer.stats().pongs, 3]
    for (let i = 0; i < more; i++) phone.peer.keepAlive(phone.proxy)
    // On one connection its answer comes after those to the keep-alives.
    expect((await phone.query()).status).toBe(200)
    expect(phone.peer.stats().pongs).toBe(before + more)
  })

  // A drachtio server knows the phones of one user at one host by one connection (docs/decisions/0013).
  test.skipIf(engines.drachtio)(
    'is the one of each phone where two of a user register from one host',
    async () => {
      const phones = [
        await server.registeredPhone('hana', undefined, { protocol: 'tcp' }),
        await server.registeredPhone('hana', undefined, { protocol: 'udp' }),
        await server.registeredPhone('hana', undefined, { protocol: 'tcp' }),
      ]
      for (const phone of phones) phone.onInvite({})
      const caller = await server.caller()
      const call = await caller.call('sip:hana@example.net')
      const ringing = await Promise.all(phones.map((phone) => phone.nextCall()))
      await ringing[0]?.answer()
      await call.answered()
      call.hangUp()
      await Promise.all(ringing.map((incoming) => incoming.ended))
      await phones[0]?.unregister({ all: true })
    },
  )

  test('over UDP takes a keep-alive without a word', async () => {
    const phone = await server.phone('hana')
    phone.peer.keepAlive(phone.proxy)
    expect((await phone.query()).status).toBe(200)
    expect(phone.peer.faults).toEqual([])
  })
})

test('OPTIONS says that the server is there, and what it can do', async () => {
  const response = await options(await server.phone('hana'))
  expect(response.status).toBe(200)
  expect(header(response, 'Allow')).toContain('REGISTER')
  expect(headerList(response, 'Supported')).toContain('100rel')
})

describe('a reload of the configuration', () => {
  test('adds a user, who registers and is called without a restart', async () => {
    const phone = await server.phone('newcomer')
    expect((await phone.register()).status).toBe(401)
    server.reload({ users: { ...everybody, ...users(['newcomer'], { numbers: ['+15557000'] }) } })
    expect((await phone.register()).status).toBe(200)
    const caller = await server.caller()
    const call = await caller.call('sip:+15557000@example.net')
    const incoming = await phone.nextCall()
    await call.answered()
    call.hangUp()
    await incoming.ended
  })

  test('that takes a user out ends no call, but the next one finds nobody', async () => {
    server.reload({ users: { ...everybody, ...users(['guest']) } })
    const phone = await server.registeredPhone('guest')
    const caller = await server.caller()
    const call = await caller.call('sip:guest@example.net')
    const incoming = await phone.nextCall()
    await call.answered()
    await incoming.established
    server.reload({ users: everybody })
    await incoming.media.rtp.receiver.until('sound', ({ packets }) => packets > 5)
    expect(await statusOfCallTo('guest')).toBe(404)
    expect((await phone.register()).status).toBe(401)
    call.hangUp()
    expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them' })
  })

  test('changes a password: the old one is refused from then on', async () => {
    const phone = await server.registeredPhone('ada')
    server.reload({ users: { ...everybody, ada: { password: 'another' } } })
    expect((await phone.register()).status).toBe(401)
    server.reload({ users: everybody })
    expect((await phone.register()).status).toBe(200)
    await phone.unregister()
  })
})

function options(phone: Phone): Promise<SipResponse> {
  const uri = 'sip:example.net'
  const headers = Object.entries({
    'Max-Forwards': '70',
    From: `<${phone.addressOfRecord}>;tag=1`,
    To: `<${uri}>`,
    'Call-ID': phone.instance,
    CSeq: '1 OPTIONS',
    Contact: `<${phone.contact()}>`,
  }).map(([name, value]) => ({ name, value }))
  return phone.exchange('OPTIONS', uri, () => ({
    kind: 'request',
    method: 'OPTIONS',
    uri,
    headers,
    body: '',
  }))
}
