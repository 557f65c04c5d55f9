import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { SipServerOptions } from '../../../../src/embedded/sip/index.js'
import { flowUri } from '../../../../src/registrar/flow.js'
import { sipIdentity } from '../../../support/sip/identity.js'
import { ended, respond } from '../support/app.js'
import { Caller } from '../support/caller.js'
import { WebSocketPeer } from '../support/websocket-peer.js'
import { reply, SDP } from '../support/text.js'
import { until, World } from '../support/world.js'

const HOST = '127.0.0.1'

function start(options: Partial<SipServerOptions> = {}): Promise<World> {
  return World.start({
    listen: [
      { protocol: 'udp', host: HOST, port: 0 },
      { protocol: 'ws', host: HOST, port: 0 },
      { protocol: 'wss', host: HOST, port: 0, tls: sipIdentity },
    ],
    ...options,
  })
}

describe.each(['ws', 'wss'] as const)('a client over %s', (protocol) => {
  test('calls and is hung up on, though nobody could connect to its Contact', async () => {
    const world = await start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.webSocket(protocol))
    caller.invite()
    const offer = await invites.next()
    // As drachtio-server has it: the word for what is beneath the WebSocket.
    expect([offer.req.protocol, offer.req.source_address]).toEqual(['tcp', HOST])
    expect(Number(offer.req.source_port)).toBe(caller.peer.port)
    const dialog = await app.answer(offer, { localSdp: SDP })
    const answer = caller.learn(await caller.peer.status(200, 'INVITE'))
    const { port } = world.at(protocol)
    expect(answer.get('contact')).toBe(`<sip:127.0.0.1:${port};transport=${protocol}>`)
    expect(answer.get('via')).toContain(`SIP/2.0/${protocol.toUpperCase()} ${caller.host}`)
    caller.ack()
    const over = dialog.destroy()
    const bye = await caller.peer.request('BYE')
    expect(bye.uri).toBe(caller.contact.slice(1, -1))
    expect(bye.get('via')).toContain(`SIP/2.0/${protocol.toUpperCase()} 127.0.0.1:${port}`)
    caller.peer.send(reply(bye, 200))
    await over
    expect(world.faults).toEqual([])
  })

  test('is reached by the Contact that it registered, until it is gone', async () => {
    const world = await start()
    const app = await world.app()
    const registers = app.take('register')
    const phone = new Caller(await world.webSocket(protocol))
    phone.send('REGISTER')
    const headers = { Contact: `${phone.contact};expires=60` }
    await respond((await registers.next()).res, 200, { headers })
    await phone.peer.status(200, 'REGISTER')
    const contact = phone.contact.slice(1, -1)
    const call = app.call(contact, { localSdp: SDP })
    const invite = await phone.peer.request('INVITE')
    const answer = { tag: 'c', body: SDP, headers: [`Contact: ${phone.contact}`] }
    phone.peer.send(reply(invite, 200, answer))
    const dialog = await call.dialog
    await phone.peer.request('ACK')
    const bye = ended(dialog)
    phone.toTag = invite.fromTag
    phone.peer.send(
      [
        `BYE ${invite.get('contact').slice(1, -1)} SIP/2.0`,
        `Via: SIP/2.0/${protocol.toUpperCase()} ${phone.host};branch=z9hG4bKbye`,
        `From: ${invite.get('to')};tag=c`,
        `To: ${invite.get('from')}`,
        `Call-ID: ${invite.get('call-id')}`,
        'CSeq: 1 BYE',
        'Max-Forwards: 70',
        '',
        '',
      ].join('\r\n'),
    )
    await bye
    await phone.peer.status(200, 'BYE')
    phone.peer.close()
    await until(() => world.server.stats().connections === 0, 'the end of the connection')
    expect((await app.request(contact, { method: 'OPTIONS' })).status).toBe(503)
  })

  test('is reached by the flow that an app keeps of it, whatever the request names, until it is gone', async () => {
    const world = await start()
    const app = await world.app()
    const registers = app.take('register')
    const phone = new Caller(await world.webSocket(protocol))
    phone.send('REGISTER')
    const { req, res } = await registers.next()
    await respond(res, 200)
    const { source_address: address, source_port: port } = req
    const kept = flowUri({ protocol: req.protocol, address, port })
    for (const proxy of [kept, `sip:${address}:${port};transport=ws`]) {
      const asked = app.request('sip:bob@elsewhere.invalid;transport=ws', { method: 'OPTIONS', proxy })
      phone.peer.send(reply(await phone.peer.request('OPTIONS'), 200, { tag: 'x' }))
      expect((await asked).status).toBe(200)
    }
    phone.peer.close()
    await until(() => world.server.stats().connections === 0, 'the end of the connection')
    for (const proxy of [kept, `sip:${address}:${port};transport=ws`]) {
      const asked = await app.request('sip:bob@elsewhere.invalid;transport=ws', { method: 'OPTIONS', proxy })
      expect(asked.status).toBe(503)
    }
  })

  test('keeps its connection by double CRLFs, each answered by one, and by pings', async () => {
    const world = await start({ limits: { webSocketPing: 20 } })
    const peer = await world.webSocket(protocol)
    peer.send('\r\n\r\n')
    peer.send('\r\n')
    for (let pings = 0; pings < 3; pings++) await peer.pings.next()
    expect(peer.crlfs).toEqual(['\r\n'])
    expect(world.server.stats()).toMatchObject({ keepAlives: 2, connections: 1 })
  })

  test('that answers no ping is given up', async () => {
    const world = await start({ limits: { webSocketPing: 20 } })
    const peer = await world.webSocket(protocol, { autoPong: false })
    await until(() => peer.closed, 'the end of the connection')
    expect(world.server.stats().connections).toBe(0)
  })
})

describe('a frame', () => {
  test('is one SIP message, as text or as binary, with or without Content-Length', async () => {
    const world = await start()
    const app = await world.app()
    const options = app.take('options')
    const peer = await world.webSocket()
    const caller = new Caller(peer)
    peer.send(Buffer.from(caller.write('OPTIONS').replace(/Content-Length.*\r\n/, '')))
    await respond((await options.next()).res, 200)
    await peer.status(200, 'OPTIONS')
    caller.next('OPTIONS')
    await respond((await options.next()).res, 200)
    await peer.status(200, 'OPTIONS')
    expect(peer.binary).toEqual([false, false])
  })

  test('goes out as binary where the message is no text', async () => {
    const world = await start()
    const app = await world.app()
    const messages = app.take('message')
    const peer = await world.webSocket()
    const sender = new Caller(await world.udp())
    const head = sender.write('MESSAGE', { headers: ['Content-Type: application/octet-stream'] })
    sender.peer.send(
      Buffer.concat([Buffer.from(head.replace('Length: 0', 'Length: 2')), Buffer.from([0xff, 0xfe])]),
    )
    const { req } = await messages.next()
    const proxied = app.srf.proxyRequest(req, `sip:${HOST}:${peer.port};transport=ws`, {})
    peer.send(reply(await peer.request('MESSAGE'), 200, { tag: 'x' }))
    await sender.peer.status(200, 'MESSAGE')
    await proxied
    expect(peer.binary).toEqual([true])
  })

  test('that is malformed SIP is answered 400, and costs nothing else', async () => {
    const world = await start()
    const peer = await world.webSocket()
    peer.send(new Caller(peer).write('OPTIONS').replace(/From:.*\r\n/, ''))
    await peer.status(400)
    peer.send('no SIP at all')
    await until(() => world.server.stats().malformed === 2, 'the second message')
    expect(world.server.stats().connections).toBe(1)
  })

  test('that is too large ends the connection', async () => {
    const world = await start({ limits: { messageBytes: 2_000 } })
    const peer = await world.webSocket()
    const code = new Promise((resolve) => peer.socket.once('close', resolve))
    peer.send('x'.repeat(3_000))
    expect(await code).toBe(1009)
    await until(() => world.server.stats().connections === 0, 'the end of the connection')
  })
})

describe('a client is refused', () => {
  test.each([
    ['that offers no subprotocol', []],
    ['that offers others than sip', ['xmpp', 'sips']],
  ])('%s: 400', async (_, subprotocols) => {
    const world = await start()
    await expect(world.webSocket('ws', { subprotocols })).rejects.toThrow('400')
    await until(() => world.server.stats().failedHandshakes === 1, 'the count of it')
    expect(world.server.stats().connections).toBe(0)
  })

  test('and cut off even where it does not hang up', async () => {
    const world = await start()
    const socket = connect({ ...world.at('ws'), allowHalfOpen: true }).on('data', () => undefined)
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    await until(() => world.server.stats().failedHandshakes === 1, 'the end of the connection')
    socket.destroy()
  })

  test('that is no WebSocket client: 426', async () => {
    const world = await start()
    const { host, port } = world.at('ws')
    const status = await new Promise((resolve, reject) => {
      request({ host, port, path: '/', agent: false }, (response) => resolve(response.statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(426)
  })

  test('that speaks a version of WebSocket that is none', async () => {
    const world = await start()
    const socket = connect(world.at('ws'))
    const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))))
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\n\r\n',
    )
    expect(await answer).toMatch(/^HTTP\/1\.1 4/)
    socket.destroy()
  })

  test('of a web page that may not connect: 403', async () => {
    const listen = [{ protocol: 'ws' as const, host: HOST, port: 0, origins: ['https://phone.example.com'] }]
    const world = await start({ listen })
    await expect(world.webSocket('ws', { origin: 'https://evil.example.com' })).rejects.toThrow('403')
    await world.webSocket('ws', { origin: 'https://phone.example.com' })
    // No browser: it could say anything.
    await world.webSocket('ws')
    expect(world.server.stats().connections).toBe(2)
  })

  test.each(['ws', 'wss'])('that sends garbage to %s, and others notice nothing', async (protocol) => {
    const world = await start()
    const app = await world.app()
    app.take('options')
    const peer = await world.webSocket()
    const socket = connect(world.at(protocol))
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => undefined).on('data', () => undefined)
    socket.write(Buffer.from('\x00\x01garbage\r\n\r\n'.repeat(20)))
    await closed
    expect(world.server.stats()).toMatchObject({ failedHandshakes: 1, connections: 1 })
    expect(peer.closed).toBe(false)
    expect(world.faults).toEqual([])
  })

  test.each(['ws', 'wss'])('that says nothing on %s for too long', async (protocol) => {
    const world = await start({ limits: { connect: 50 } })
    const socket = connect(world.at(protocol))
    socket.on('error', () => undefined).on('data', () => undefined)
    await new Promise<void>((resolve) => socket.once('close', () => resolve()))
    expect(world.server.stats().connections).toBe(0)
  })

  test('that breaks the WebSocket framing is cut off', async () => {
    const world = await start()
    const peer = await world.webSocket()
    const { _socket } = peer.socket as unknown as { _socket: { write(bytes: Buffer): void } }
    // A frame of a client must be masked (RFC 6455 §5.1).
    _socket.write(Buffer.from([0x81, 0x01, 0x41]))
    await until(() => world.server.stats().connections === 0, 'the end of the connection')
  })
})

test('a server that closes waits for no client, in the middle of a handshake or not', async () => {
  const world = await start()
  const peer = await world.webSocket('wss')
  const sockets = ['ws', 'wss'].map((protocol) => connect(world.at(protocol)).on('error', () => undefined))
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  await world.server.close()
  await until(() => peer.closed, 'the end of the connection')
  expect(world.server.stats().timers).toBe(0)
  for (const socket of sockets) socket.destroy()
})

test('a client reaches the server where nothing but WebSocket is listened on', async () => {
  const world = await start({ listen: [{ protocol: 'ws', host: HOST, port: 0 }] })
  const app = await world.app()
  const peer = await WebSocketPeer.open('ws', world.at('ws'))
  world.peers.push(peer)
  const proxy = `sip:${HOST}:${peer.port};transport=tcp`
  const asked = app.request('sip:bob@x.invalid;transport=ws', { method: 'OPTIONS', proxy })
  peer.send(reply(await peer.request('OPTIONS'), 200, { tag: 'x' }))
  expect((await asked).status).toBe(200)
})
