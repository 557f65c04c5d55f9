import { describe, expect, test } from 'vitest'
import { respond } from '../support/app.js'
import { Caller } from '../support/caller.js'
import { TcpPeer } from '../support/peer.js'
import { reply, SDP } from '../support/text.js'
import { QUICK, until, World } from '../support/world.js'

test('a call over TCP, its messages cut into single bytes and run together', async () => {
  const world = await World.start()
  const app = await world.app()
  const dialogs = app.answerAll({ localSdp: SDP })
  const caller = new Caller(await world.tcp())
  for (const byte of Buffer.from(caller.write('INVITE', { body: SDP }))) {
    caller.peer.send(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const dialog = await dialogs.next()
  const acked = new Promise((resolve) => dialog.on('ack', resolve))
  const answer = caller.learn(await caller.peer.status(200, 'INVITE'))
  expect(answer.get('contact')).toBe(`<sip:127.0.0.1:${world.address.port};transport=tcp>`)
  caller.ack()
  await acked
  const info = caller.write('INFO', { seq: 2 })
  const bye = caller.write('BYE', { seq: 3 })
  caller.peer.send(`\r\n\r\n${info}\r\n${bye}`)
  await caller.peer.status(200, 'INFO')
  await caller.peer.status(200, 'BYE')
  expect((caller.peer as TcpPeer).pongs).toBe(1)
  expect(world.faults).toEqual([])
})

describe('connections', () => {
  test('a request to a peer takes the connection that the peer opened', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.tcp()
    const call = app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    expect(invite.get('via')).toContain('SIP/2.0/TCP')
    expect(invite.get('contact')).toContain('transport=tcp')
    peer.send(
      reply(invite, 200, { tag: 'c', body: SDP, headers: ['Contact: <sip:bob@192.0.2.1;transport=tcp>'] }),
    )
    const dialog = await call.dialog
    // The Contact is behind a NAT; the dialog stays on its connection.
    expect((await peer.request('ACK')).uri).toBe('sip:bob@192.0.2.1;transport=tcp')
    const over = dialog.destroy()
    peer.send(reply(await peer.request('BYE'), 200))
    await over
    expect(world.server.stats().connections).toBe(1)
  })

  test('a caller behind a NAT is reached over the connection that its INVITE came in on', async () => {
    const world = await World.start()
    const app = await world.app()
    const dialogs = app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.tcp())
    await caller.establish({ contact: '<sip:caller@10.1.2.3:5060;transport=tcp>' })
    const destroyed = (await dialogs.next()).destroy()
    const bye = await caller.peer.request('BYE')
    expect(bye.uri).toBe('sip:caller@10.1.2.3:5060;transport=tcp')
    caller.peer.send(reply(bye, 200))
    await destroyed
    expect(world.server.stats().connections).toBe(1)
  })

  test('a Contact that was registered over a connection is reached by it', async () => {
    const world = await World.start()
    const app = await world.app()
    const registers = app.take('register')
    const phone = new Caller(await world.tcp())
    const contact = '<sip:bob@10.9.8.7:5062;transport=tcp>'
    phone.send('REGISTER', { contact })
    await respond((await registers.next()).res, 200, { headers: { Contact: `${contact};expires=60` } })
    await phone.peer.status(200, 'REGISTER')
    const asked = app.request('sip:bob@10.9.8.7:5062;transport=tcp', { method: 'OPTIONS' })
    phone.peer.send(reply(await phone.peer.request('OPTIONS'), 200, { tag: 'x' }))
    expect((await asked).status).toBe(200)
    // Un-registered, or gone: the way is forgotten.
    phone.next('REGISTER', { contact })
    await respond((await registers.next()).res, 200, { headers: { Contact: `${contact};expires=0` } })
    await phone.peer.status(200, 'REGISTER')
    const before = world.server.stats().timers
    phone.next('REGISTER', { contact })
    await respond((await registers.next()).res, 200, { headers: { Contact: `${contact};expires=60` } })
    await phone.peer.status(200, 'REGISTER')
    expect(world.server.stats().timers).toBe(before + 1)
    phone.peer.close()
    await until(() => world.server.stats().timers === before, 'the end of the registered connection')
  })

  test('where there is none a new one is opened, and used again', async () => {
    const world = await World.start()
    const app = await world.app()
    const listener = await TcpPeer.listen()
    const target = `sip:bob@127.0.0.1:${listener.port};transport=tcp`
    const first = app.request(target, { method: 'OPTIONS' })
    const peer = await listener.accepted
    world.peers.push(peer)
    peer.send(reply(await peer.request('OPTIONS'), 200, { tag: 'x' }))
    await first
    const second = app.request(target, { method: 'OPTIONS' })
    peer.send(reply(await peer.request('OPTIONS'), 200, { tag: 'x' }))
    await second
    expect(world.server.stats().connections).toBe(1)
    listener.close()
  })

  test('a peer that cannot be reached is a 503', async () => {
    const world = await World.start()
    const app = await world.app()
    const listener = await TcpPeer.listen()
    listener.close()
    const target = `sip:bob@127.0.0.1:${listener.port};transport=tcp`
    expect((await app.request(target, { method: 'OPTIONS' })).status).toBe(503)
    expect(await app.call(target, { localSdp: SDP }).failure()).toBe(503)
    expect(world.server.stats()).toMatchObject({ connections: 0, dialogs: 0 })
  })

  test('a phone whose connection breaks while it rings is a 503 at once', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.tcp()
    const call = app.call(world.uri(peer), { localSdp: SDP })
    peer.send(reply(await peer.request('INVITE'), 180, { tag: 'c' }))
    await call.provisionals.next()
    peer.close()
    expect(await call.failure()).toBe(503)
  })

  test('an answer to a caller whose connection is gone is refused, and the call forgotten', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.tcp())
    caller.invite()
    const offer = await invites.next()
    caller.peer.close()
    await until(() => world.server.stats().connections === 0, 'the end of the connection')
    await expect(respond(offer.res, 200, { body: SDP })).rejects.toThrow('shutdown or closed')
    expect(world.server.stats()).toMatchObject({ dialogs: 0, pending: { incoming: 0 } })
  })
})

describe('a stream that cannot be followed', () => {
  test('is answered 400 and closed where Content-Length is nonsense', async () => {
    const world = await World.start()
    const peer = await world.tcp()
    const caller = new Caller(peer)
    peer.send(caller.write('OPTIONS').replace('Content-Length: 0', 'Content-Length: -1'))
    await peer.status(400)
    await until(() => peer.closed, 'the end of the connection')
    expect(world.server.stats()).toMatchObject({ malformed: 1, connections: 0 })
  })

  test('is closed where a message is too large', async () => {
    const world = await World.start({ limits: { messageBytes: 2000 } })
    const peer = await world.tcp()
    peer.send('x'.repeat(3000))
    await until(() => peer.closed, 'the end of the connection')
  })

  test('is closed where a message does not end', async () => {
    const world = await World.start({ limits: { partialMessage: 30 } })
    const peer = await world.tcp()
    peer.send('OPTIONS sip:a SIP/2.0\r\n')
    await until(() => peer.closed, 'the end of the connection')
  })

  test('is closed where nothing comes at all', async () => {
    const world = await World.start({ limits: { connectionIdle: 30 } })
    const peer = await world.tcp()
    await until(() => peer.closed, 'the end of the connection')
    expect(world.server.stats().connections).toBe(0)
  })

  test('a malformed request in a good stream costs nothing but its 400', async () => {
    const world = await World.start()
    const app = await world.app()
    const options = app.take('options')
    const peer = await world.tcp()
    const caller = new Caller(peer)
    peer.send(caller.write('OPTIONS').replace(/From:.*\r\n/, ''))
    await peer.status(400)
    caller.send('OPTIONS')
    await respond((await options.next()).res, 200)
    await peer.status(200, 'OPTIONS')
  })
})

test('nothing is repeated on TCP but the 200, which a lost ACK beyond the next hop may need', async () => {
  const world = await World.start({ timers: { ...QUICK, timerF: 120 } })
  const app = await world.app()
  const peer = await world.tcp()
  const asked = app.request(world.uri(peer), { method: 'OPTIONS' })
  expect((await asked).status).toBe(408)
  expect(peer.count(({ method }) => method === 'OPTIONS')).toBe(1)
  app.answerAll({ localSdp: SDP })
  const caller = new Caller(peer)
  caller.invite()
  await peer.again(await peer.status(200, 'INVITE'))
})
