import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { SipServerOptions } from '../../../../src/embedded/sip/index.js'
import { flowUri } from '../../../../src/registrar/flow.js'
import { standInIdentity } from '../../../support/push/identity.js'
import { sipCa, sipIdentity } from '../../../support/sip/identity.js'
import { respond } from '../support/app.js'
import { Caller } from '../support/caller.js'
import { reply, SDP } from '../support/text.js'
import { TlsPeer, type TlsListener } from '../support/tls-peer.js'
import { until, World } from '../support/world.js'

const HOST = '127.0.0.1'

/** A server on TLS for which every name is this machine's. */
function start(options: Partial<SipServerOptions> = {}): Promise<World> {
  return World.start({
    listen: [{ protocol: 'tls', host: HOST, port: 0, tls: { ...sipIdentity, ca: sipCa } }],
    nameServices: { srv: () => Promise.resolve([]), addresses: () => Promise.resolve([HOST]) },
    ...options,
  })
}

test('a call over TLS, with a ping between its messages', async () => {
  const world = await start()
  const app = await world.app()
  const invites = app.take('invite')
  const caller = new Caller(await world.tls())
  caller.invite()
  const offer = await invites.next()
  expect([offer.req.protocol, Number(offer.req.source_port)]).toEqual(['tls', caller.peer.port])
  await app.answer(offer, { localSdp: SDP })
  const answer = caller.learn(await caller.peer.status(200, 'INVITE'))
  expect(answer.get('contact')).toBe(`<sip:127.0.0.1:${world.at('tls').port};transport=tls>`)
  caller.ack()
  const info = caller.write('INFO', { seq: 2 })
  caller.peer.send(`\r\n\r\n${info}\r\n${caller.write('BYE', { seq: 3 })}`)
  await caller.peer.status(200, 'INFO')
  await caller.peer.status(200, 'BYE')
  expect((caller.peer as TlsPeer).pongs).toBe(1)
  expect(world.faults).toEqual([])
})

test('the listening points are told to apps by the names of drachtio-server', async () => {
  const world = await start({
    listen: [
      { protocol: 'tls', host: HOST, port: 0, tls: sipIdentity },
      { protocol: 'ws', host: HOST, port: 0 },
      { protocol: 'wss', host: HOST, port: 0, tls: sipIdentity },
    ],
  })
  expect(world.server.listening.map(({ protocol }) => protocol)).toEqual(['tls', 'ws', 'wss'])
  expect(new Set(world.server.listening.map(({ port }) => port)).size).toBe(3)
})

describe('a phone that connected', () => {
  test('is reached over its connection, by its Contact and by its flow, until it is gone', async () => {
    const world = await start()
    const app = await world.app()
    const registers = app.take('register')
    const phone = new Caller(await world.tls())
    const contact = 'sip:bob@10.9.8.7:5062;transport=tls'
    phone.send('REGISTER', { contact: `<${contact}>` })
    const { req, res } = await registers.next()
    await respond(res, 200, { headers: { Contact: `<${contact}>;expires=60` } })
    await phone.peer.status(200, 'REGISTER')
    const { protocol, source_address: address, source_port: port } = req
    const proxy = flowUri({ protocol, address, port })
    expect(proxy).toBe(`sip:${HOST}:${phone.peer.port};transport=tls`)
    for (const way of [{}, { proxy }]) {
      const asked = app.request(contact, { method: 'OPTIONS', ...way })
      const options = await phone.peer.request('OPTIONS')
      expect(options.get('via')).toContain('SIP/2.0/TLS')
      phone.peer.send(reply(options, 200, { tag: 'x' }))
      expect((await asked).status).toBe(200)
    }
    phone.peer.close()
    await until(() => world.server.stats().connections === 0, 'the end of the connection')
    expect((await app.request(contact, { method: 'OPTIONS', proxy })).status).toBe(503)
  })
})

describe('a server that we connect to', () => {
  async function listening(world: World, ...options: Parameters<typeof TlsPeer.listenTls>) {
    const listener: TlsListener = await TlsPeer.listenTls(...options)
    void listener.accepted.then((peer) => world.peers.push(peer))
    return listener
  }

  test.each([
    ['a host name', (port: number) => `sip:bob@edge.example.com:${port};transport=tls`, 'edge.example.com'],
    ['a SIP domain', (port: number) => `sips:bob@trunk.example.com:${port}`, 'trunk.example.com'],
    ['an address', (port: number) => `sip:bob@${HOST}:${port};transport=tls`, false],
  ])('proves that it is %s, and is sent to over one connection', async (_, target, name) => {
    const world = await start()
    const app = await world.app()
    const listener = await listening(world)
    const uri = target(listener.port)
    for (const _request of [1, 2]) {
      const asked = app.request(uri, { method: 'OPTIONS' })
      const peer = await listener.accepted
      peer.send(reply(await peer.request('OPTIONS'), 200, { tag: 'x' }))
      expect((await asked).status).toBe(200)
    }
    expect(listener.names).toEqual([name])
    expect(world.server.stats().connections).toBe(1)
    expect(world.faults).toEqual([])
    listener.close()
  })

  test('may send requests of its own over that connection', async () => {
    const world = await start()
    const app = await world.app()
    const options = app.take('options')
    const listener = await listening(world)
    const asked = app.request(`sip:bob@edge.example.com:${listener.port};transport=tls`, {
      method: 'OPTIONS',
    })
    const peer = await listener.accepted
    peer.send(reply(await peer.request('OPTIONS'), 200, { tag: 'x' }))
    await asked
    new Caller(peer).send('OPTIONS')
    await respond((await options.next()).res, 200)
    await peer.status(200, 'OPTIONS')
    listener.close()
  })

  test('is shown our certificate where it asks for one', async () => {
    const world = await start()
    const app = await world.app()
    const { key, cert } = standInIdentity
    const listener = await listening(world, { key, cert, requestCert: true, rejectUnauthorized: false })
    const strict = await start({
      listen: [
        {
          protocol: 'tls',
          host: HOST,
          port: 0,
          tls: { ...sipIdentity, ca: new URL('../../../support/push/tls/ca.pem', import.meta.url).pathname },
        },
      ],
    })
    const caller = await strict.app()
    const asked = caller.request(`sip:bob@localhost:${listener.port};transport=tls`, { method: 'OPTIONS' })
    const peer = await listener.accepted
    expect(peer.shown).toBe('Reveille SIP edge')
    peer.send(reply(await peer.request('OPTIONS'), 200, { tag: 'x' }))
    expect((await asked).status).toBe(200)
    app.close()
    listener.close()
  })

  test('is refused where its certificate is signed by a CA that nobody knows', async () => {
    const world = await start()
    const app = await world.app()
    const listener = await listening(world, standInIdentity)
    const uri = `sip:bob@${HOST}:${listener.port};transport=tls`
    expect((await app.request(uri, { method: 'OPTIONS' })).status).toBe(503)
    expect(await app.call(uri, { localSdp: SDP }).failure()).toBe(503)
    expect(world.server.stats()).toMatchObject({ connections: 0, dialogs: 0 })
    expect(world.faults).toMatchObject([
      { where: `TLS to ${HOST}:${listener.port}` },
      { where: `TLS to ${HOST}:${listener.port}` },
    ])
    listener.close()
  })

  test('is refused where its certificate is for another name', async () => {
    const world = await start()
    const app = await world.app()
    const listener = await listening(world)
    const uri = `sip:bob@other.example.com:${listener.port};transport=tls`
    expect((await app.request(uri, { method: 'OPTIONS' })).status).toBe(503)
    expect(world.server.stats().connections).toBe(0)
    listener.close()
  })

  test('is not taken for another of the same address', async () => {
    const world = await start()
    const app = await world.app()
    const listener = await listening(world)
    const good = app.request(`sip:bob@edge.example.com:${listener.port};transport=tls`, { method: 'OPTIONS' })
    const peer = await listener.accepted
    peer.send(reply(await peer.request('OPTIONS'), 200, { tag: 'x' }))
    expect((await good).status).toBe(200)
    const uri = `sip:bob@other.example.com:${listener.port};transport=tls`
    expect((await app.request(uri, { method: 'OPTIONS' })).status).toBe(503)
    listener.close()
  })
})

describe('a client that cannot agree on TLS costs nothing', () => {
  test('of a version that is too old', async () => {
    const world = await start()
    await expect(
      world.tls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow()
    await until(() => world.server.stats().failedHandshakes === 1, 'the count of it')
    expect(world.server.stats().connections).toBe(0)
  })

  test.each([
    ['plain SIP', 'OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n'],
    ['garbage', '\x16\x03\x01\xff\xff\x00\x01'.repeat(100)],
  ])('because it sends %s', async (_, bytes) => {
    const world = await start()
    const peer = await world.tls()
    const socket = connect(world.at('tls'))
    socket.on('error', () => undefined).on('data', () => undefined)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.write(Buffer.from(bytes, 'latin1'))
    await closed
    expect(world.server.stats()).toMatchObject({ failedHandshakes: 1, connections: 1 })
    expect(peer.closed).toBe(false)
    expect(world.faults).toEqual([])
  })

  test('because it says nothing', async () => {
    const world = await start({ limits: { connect: 50 } })
    const socket = connect(world.at('tls'))
    socket.on('error', () => undefined).on('data', () => undefined)
    await new Promise<void>((resolve) => socket.once('close', () => resolve()))
    expect(world.server.stats().connections).toBe(0)
  })

  test('and a server that closes does not wait for it', async () => {
    const world = await start()
    const socket = connect(world.at('tls'))
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('connect', resolve))
    await world.server.close()
    expect(world.server.stats().timers).toBe(0)
    socket.destroy()
  })
})
