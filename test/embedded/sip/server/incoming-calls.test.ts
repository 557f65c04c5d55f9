import { describe, expect, test } from 'vitest'
import { ended, respond } from '../support/app.js'
import { Caller } from '../support/caller.js'
import { SDP } from '../support/text.js'
import { QUICK, until, World } from '../support/world.js'

test('a caller hears 100 where the app says nothing for a while, and 200 when it answers', async () => {
  const world = await World.start()
  const app = await world.app()
  const invites = app.take('invite')
  const caller = new Caller(await world.udp())
  caller.invite({ headers: ['X-Trunk: One, Two', 'Subject: hello'] })
  await caller.peer.status(100, 'INVITE')
  const offer = await invites.next()
  expect(offer.req).toMatchObject({
    method: 'INVITE',
    source: 'network',
    source_address: '127.0.0.1',
    source_port: caller.peer.port,
    protocol: 'udp',
    receivedOn: `127.0.0.1:${world.address.port}`,
    body: SDP,
  })
  expect(offer.req.get('X-Trunk')).toBe('One, Two')
  await respond(offer.res, 180)
  const ringing = await caller.peer.status(180, 'INVITE')
  const dialog = await app.answer(offer, { localSdp: SDP })
  const answer = caller.learn(await caller.peer.status(200, 'INVITE'))
  expect(answer.toTag).toBe(ringing.toTag)
  expect(answer.get('content-type')).toBe('application/sdp')
  expect(answer.get('contact')).toBe(`<sip:127.0.0.1:${world.address.port}>`)
  expect(answer.body).toBe(SDP)
  const acked = new Promise((resolve) => dialog.on('ack', resolve))
  caller.ack()
  await acked
  expect(dialog.id).toBe(`${caller.callId};from-tag=${caller.tag}`)
  const over = ended(dialog)
  caller.next('BYE', { headers: ['Reason: Q.850;cause=16'] })
  expect((await caller.peer.final('BYE')).status).toBe(200)
  expect((await over).req.get('reason')).toBe('Q.850;cause=16')
  expect(world.server.stats()).toMatchObject({ dialogs: 0, pending: { incoming: 0, outgoing: 0 } })
  expect(world.faults).toEqual([])
})

test('a caller whose app is quick hears no 100', async () => {
  const world = await World.start()
  const app = await world.app()
  const invites = app.take('invite')
  const caller = new Caller(await world.udp())
  caller.invite()
  const offer = await invites.next()
  await respond(offer.res, 486)
  await caller.peer.status(486, 'INVITE')
  expect(caller.peer.count(({ status }) => status === 100)).toBe(0)
})

describe('what no app takes', () => {
  test('gets 503 where no app asked for it, 501 where it is no SIP method, 481 where its dialog is unknown', async () => {
    const world = await World.start()
    const peer = await world.udp()
    const outcome = async (method: string, toTag = '') => {
      const caller = new Caller(peer)
      caller.toTag = toTag
      caller.send(method)
      return (await peer.next((text) => text.status >= 200 && text.get('call-id') === caller.callId)).status
    }
    expect(await outcome('INVITE')).toBe(503)
    expect(await outcome('OPTIONS')).toBe(503)
    expect(await outcome('DANCE')).toBe(501)
    expect(await outcome('INVITE', 'gone')).toBe(481)
    expect(await outcome('BYE', 'gone')).toBe(481)
    expect(await outcome('UPDATE', 'gone')).toBe(481)
    expect(await outcome('PRACK', 'gone')).toBe(481)
    expect(await outcome('BYE')).toBe(481)
  })

  test('an ACK for no call is never answered', async () => {
    const world = await World.start()
    const caller = new Caller(await world.udp())
    caller.toTag = 'gone'
    caller.ack()
    caller.send('OPTIONS')
    await caller.peer.status(503, 'OPTIONS')
    expect(caller.peer.all).toHaveLength(1)
    expect(world.server.stats().stray).toBe(1)
  })

  test('malformed requests get 400, an unknown version 505, an unknown scheme 416', async () => {
    const world = await World.start()
    const peer = await world.udp()
    const caller = new Caller(peer)
    peer.send(caller.write('OPTIONS').replace('CSeq: 1 OPTIONS', 'CSeq: 1 INVITE'))
    await peer.status(400)
    peer.send(caller.write('OPTIONS').replace('SIP/2.0\r\n', 'SIP/3.0\r\n'))
    await peer.status(505)
    peer.send(caller.write('OPTIONS', { uri: 'gopher:x' }))
    await peer.status(416)
    peer.send(caller.write('OPTIONS').replace(/Call-ID:.*\r\n/, ''))
    await peer.status(400)
    // Nobody to answer: no Via, an ACK, no SIP at all.
    peer.send(caller.write('OPTIONS').replace(/Via:.*\r\n/, ''))
    peer.send(caller.write('ACK').replace('CSeq: 1 ACK', 'CSeq: x ACK'))
    peer.send('garbage')
    peer.send('\r\n\r\n')
    caller.send('OPTIONS')
    await peer.status(503)
    expect(peer.all).toHaveLength(5)
    expect(world.server.stats()).toMatchObject({ malformed: 7, keepAlives: 1 })
    expect(world.faults).toEqual([])
  })
})

describe('lost packets', () => {
  test('an INVITE that comes again is answered again, and reaches the app once', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    const text = caller.invite()
    const offer = await invites.next()
    await respond(offer.res, 183)
    const progress = await caller.peer.status(183)
    caller.peer.send(text)
    caller.peer.send(text)
    await caller.peer.again(progress)
    await caller.peer.again(progress)
    expect(invites.total).toBe(1)
  })

  test('a 200 is repeated until its ACK, and the app hears of one ACK', async () => {
    const world = await World.start()
    const app = await world.app()
    const dialogs = app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.udp())
    caller.invite()
    const dialog = await dialogs.next()
    let acks = 0
    dialog.on('ack', () => acks++)
    const answer = caller.learn(await caller.peer.status(200))
    await caller.peer.again(answer)
    await caller.peer.again(answer)
    caller.ack()
    await until(() => acks > 0, 'the ACK at the app')
    caller.ack()
    caller.next('INFO')
    await caller.peer.final('INFO')
    expect(acks).toBe(1)
    expect(world.server.stats().pending.incoming).toBe(0)
  })

  test('an answer that is never acknowledged ends in a BYE, and the app is told why', async () => {
    const world = await World.start({ timers: { ...QUICK, timerH: 150 } })
    const app = await world.app()
    const dialogs = app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.udp())
    caller.invite()
    const over = ended(await dialogs.next())
    const bye = await caller.peer.request('BYE')
    expect(bye.get('reason')).toContain('ACK timeout')
    expect(bye.toTag).toBe(caller.tag)
    expect((await over).reason).toBe('ACK timeout')
    expect(world.server.stats().dialogs).toBe(0)
  })

  test('a rejection is repeated until its ACK, which never reaches the app', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const acks = app.take('ack')
    const caller = new Caller(await world.udp())
    caller.invite()
    const branch = caller.lastBranch
    await respond((await invites.next()).res, 486)
    const rejection = caller.learn(await caller.peer.status(486))
    await caller.peer.again(rejection)
    await caller.peer.again(rejection)
    caller.onInviteBranch('ACK', branch)
    await until(() => world.server.stats().transactions.server === 0, 'the end of the transaction')
    expect(acks.total).toBe(0)
    expect(world.server.stats().dialogs).toBe(0)
  })

  test('copies of one INVITE on two paths are one call: the second copy gets 482', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite()
    await invites.next()
    caller.invite()
    await caller.peer.status(482, 'INVITE')
    expect(invites.total).toBe(1)
  })
})

test('an app that stays silent gets nothing sent in its name, and its state goes', async () => {
  const world = await World.start({ timers: { ...QUICK, appSilence: 60 } })
  const app = await world.app()
  const invites = app.take('invite')
  const caller = new Caller(await world.udp())
  caller.invite()
  const offer = await invites.next()
  await until(() => world.server.stats().pending.incoming === 0, 'the end of the wait')
  await expect(respond(offer.res, 200)).rejects.toThrow('unknown transaction')
  caller.onInviteBranch('CANCEL', caller.lastBranch)
  await caller.peer.status(481, 'CANCEL')
  expect(caller.peer.count((text) => text.cseq.endsWith('INVITE') && text.status >= 200)).toBe(0)
  expect(world.server.stats()).toMatchObject({ dialogs: 0 })
})

describe('what an app writes', () => {
  test('its own path headers are dropped, localhost is filled in, the rest is passed on', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite()
    const offer = await invites.next()
    await respond(offer.res, 200, {
      headers: {
        Via: 'SIP/2.0/UDP evil',
        'Record-Route': '<sip:evil;lr>',
        RSeq: '7',
        Contact: '<sip:me@localhost;x=y>',
        'P-Asserted-Identity': '<sip:alice@localhost>',
        'x-own': 'kept',
        server: 'Reveille',
        To: '<sip:alice@example.com>;tag=chosen',
      },
      body: SDP,
    })
    const answer = await caller.peer.status(200)
    expect(answer.all('via')).toHaveLength(1)
    expect(answer.raw).not.toContain('evil')
    expect(answer.get('rseq')).toBe('')
    expect(answer.get('contact')).toBe(`<sip:me@127.0.0.1:${world.address.port};x=y>`)
    expect(answer.get('p-asserted-identity')).toBe(`<sip:alice@127.0.0.1:${world.address.port}>`)
    expect(answer.raw).toContain('\r\nx-own: kept\r\n')
    expect(answer.raw).toContain('\r\nServer: Reveille\r\n')
    expect(answer.toTag).toBe('chosen')
  })

  test('a second final response is refused', async () => {
    const world = await World.start()
    const app = await world.app()
    const options = app.take('options')
    const caller = new Caller(await world.udp())
    caller.send('OPTIONS')
    const offer = await options.next()
    await respond(offer.res, 200)
    await caller.peer.status(200, 'OPTIONS')
    // srf itself refuses a second send on the same response, so the server is asked behind its back.
    const again = Object.assign(Object.create(Object.getPrototypeOf(offer.res) as object), offer.res, {
      finished: false,
    }) as typeof offer.res
    await expect(respond(again, 404)).rejects.toThrow('unknown transaction')
  })

  test('an app that ends a call before its ACK came has its BYE held until then', async () => {
    const world = await World.start()
    const app = await world.app()
    const dialogs = app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.udp())
    caller.invite()
    const dialog = await dialogs.next()
    const destroyed = dialog.destroy()
    const answer = caller.learn(await caller.peer.status(200))
    await caller.peer.again(answer)
    expect(caller.peer.count((text) => text.method === 'BYE')).toBe(0)
    caller.ack()
    const bye = await caller.peer.request('BYE')
    caller.peer.send(
      `SIP/2.0 200 OK\r\nVia: ${bye.get('via')}\r\nFrom: ${bye.get('from')}\r\nTo: ${bye.get('to')}\r\nCall-ID: ${bye.get('call-id')}\r\nCSeq: ${bye.cseq}\r\nContent-Length: 0\r\n\r\n`,
    )
    await destroyed
    expect(world.server.stats().dialogs).toBe(0)
  })
})

test('a caller of RFC 2543 without branch and tag is served', async () => {
  const world = await World.start()
  const app = await world.app()
  const dialogs = app.answerAll({ localSdp: SDP })
  const caller = new Caller(await world.udp())
  const old = (text: string) =>
    text.replace(/;branch=[^;\r]*;rport/, '').replace(/(From:[^\r]*);tag=[^\r]*/, '$1')
  caller.peer.send(old(caller.write('INVITE', { body: SDP })))
  caller.peer.send(old(caller.write('INVITE', { body: SDP })))
  const dialog = await dialogs.next()
  caller.learn(await caller.peer.status(200))
  const acked = new Promise((resolve) => dialog.on('ack', resolve))
  caller.peer.send(old(caller.write('ACK')))
  await acked
  caller.seq++
  caller.peer.send(old(caller.write('BYE')))
  expect((await caller.peer.final('BYE')).status).toBe(200)
  expect(dialogs.total).toBe(1)
})

test('a delayed offer: the answer comes with the ACK and reaches the app', async () => {
  const world = await World.start()
  const app = await world.app()
  const dialogs = app.answerAll({ localSdp: SDP })
  const caller = new Caller(await world.udp())
  caller.send('INVITE')
  const dialog = await dialogs.next()
  const acked = new Promise<{ body: string }>((resolve) => dialog.on('ack', resolve))
  caller.learn(await caller.peer.status(200))
  caller.ack({ body: SDP })
  expect((await acked).body).toBe(SDP)
})

test('on every address of IPv6, peers of IPv4 are answered and called over UDP', async () => {
  const world = await World.start({ listen: [{ protocol: 'udp', host: '::', port: 0 }] })
  const app = await world.app()
  const dialogs = app.answerAll({ localSdp: SDP })
  const caller = new Caller(await world.udp())
  caller.invite()
  const answer = caller.learn(await caller.peer.status(200, 'INVITE'))
  expect(answer.get('contact')).toBe(`<sip:127.0.0.1:${world.address.port}>`)
  caller.ack()
  await dialogs.next()
  app.call(world.uri(caller.peer), { localSdp: SDP })
  expect((await caller.peer.request('INVITE')).get('via')).toContain('127.0.0.1')
})
