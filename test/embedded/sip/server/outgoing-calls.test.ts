import { describe, expect, test } from 'vitest'
import { ended } from '../support/app.js'
import { reply, SDP, type Text } from '../support/text.js'
import type { Peer } from '../support/peer.js'
import { QUICK, until, World } from '../support/world.js'

/** The callee's 200, as that peer gives it. */
function answer(world: World, peer: Peer, invite: Text, headers: string[] = [], tag = 'callee'): string {
  return reply(invite, 200, { tag, body: SDP, headers: [`Contact: <${world.uri(peer)}>`, ...headers] })
}

test('an INVITE leaves complete, whatever the app left out', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  expect(invite.uri).toBe(world.uri(peer))
  expect(invite.get('via')).toMatch(
    new RegExp(`^SIP/2.0/UDP 127.0.0.1:${world.address.port};branch=z9hG4bK[^;]+;rport$`),
  )
  expect(invite.get('max-forwards')).toBe('70')
  expect(invite.get('from')).toMatch(new RegExp(`^<sip:127.0.0.1:${world.address.port}>;tag=.+`))
  expect(invite.get('to')).toBe(`<${world.uri(peer)}>`)
  expect(invite.get('call-id')).not.toBe('')
  expect(invite.cseq).toMatch(/^[0-9]+ INVITE$/)
  expect(invite.get('contact')).toBe(`<sip:127.0.0.1:${world.address.port}>`)
  expect(invite.get('content-type')).toBe('application/sdp')
  expect(invite.body).toBe(SDP)
})

test('what the app says about itself is kept, localhost filled in', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  app.call(world.uri(peer), {
    localSdp: SDP,
    callingNumber: '1234',
    callingName: 'Bell, A.',
    headers: { 'Call-ID': 'mine@x', To: '<sip:bob@example.com>', 'X-Call-Id': 'abc', 'Max-Forwards': '12' },
  })
  const invite = await peer.request('INVITE')
  const own = `sip:1234@127.0.0.1:${world.address.port}`
  expect(invite.get('from')).toMatch(new RegExp(`^"Bell, A." <${own}>;tag=`))
  expect(invite.get('contact')).toContain(own)
  expect(invite.get('call-id')).toBe('mine@x')
  expect(invite.get('to')).toBe('<sip:bob@example.com>')
  expect(invite.get('max-forwards')).toBe('12')
  expect(invite.raw).toContain('\r\nX-Call-Id: abc\r\n')
})

test('a call is made, changed from both sides, and ended by the app', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(reply(invite, 100))
  peer.send(reply(invite, 183, { tag: 'callee', body: SDP }))
  expect((await call.provisionals.next()).status).toBe(183)
  peer.send(answer(world, peer, invite))
  const dialog = await call.dialog
  const ack = await peer.request('ACK')
  expect(ack.uri).toBe(world.uri(peer))
  expect(ack.cseq).toBe(invite.cseq.replace('INVITE', 'ACK'))
  expect(ack.branch).not.toBe(invite.branch)
  expect(call.provisionals.total).toBe(1)

  const modified = dialog.modify(SDP.replace('sendrecv', 'sendonly'))
  const reinvite = await peer.request('INVITE')
  expect(reinvite.toTag).toBe('callee')
  expect(Number.parseInt(reinvite.cseq)).toBe(Number.parseInt(invite.cseq) + 1)
  peer.send(answer(world, peer, reinvite))
  await modified
  expect((await peer.request('ACK')).cseq).toBe(reinvite.cseq.replace('INVITE', 'ACK'))

  const info = dialog.request({ method: 'INFO', headers: { 'Content-Type': 'text/plain' }, body: 'dtmf' })
  const seen = await peer.request('INFO')
  expect(seen.body).toBe('dtmf')
  peer.send(reply(seen, 200))
  expect((await info).status).toBe(200)

  const destroyed = dialog.destroy({ headers: { Reason: 'Q.850;cause=16' } })
  const bye = await peer.request('BYE')
  expect(bye.get('reason')).toBe('Q.850;cause=16')
  peer.send(reply(bye, 200))
  await destroyed
  expect(world.server.stats()).toMatchObject({ dialogs: 0, pending: { outgoing: 0 } })
  expect(world.faults).toEqual([])
})

test('the callee changes the call and ends it', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(answer(world, peer, invite))
  const dialog = await call.dialog
  await peer.request('ACK')
  const fromCallee = (method: string, seq: number, extra: string[] = [], body = '') =>
    peer.send(
      [
        `${method} ${/<(.+)>/.exec(invite.get('contact'))?.[1]} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${method}${seq};rport`,
        `From: ${invite.get('to')};tag=callee`,
        `To: ${invite.get('from')}`,
        `Call-ID: ${invite.get('call-id')}`,
        `CSeq: ${seq} ${method}`,
        ...extra,
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n'),
    )
  const moved = `sip:moved@127.0.0.1:${peer.port}`
  fromCallee('INVITE', 1, [`Contact: <${moved}>`, 'Content-Type: application/sdp'], SDP)
  await peer.status(200, 'INVITE')
  fromCallee('ACK', 1)
  // The target moved with the re-INVITE.
  const info = dialog.request({ method: 'INFO' })
  const seen = await peer.request('INFO')
  expect(seen.uri).toBe(moved)
  peer.send(reply(seen, 200))
  await info
  fromCallee('INFO', 2)
  await peer.status(200, 'INFO')
  fromCallee('OPTIONS', 1)
  await peer.status(500, 'OPTIONS')
  const over = ended(dialog)
  fromCallee('BYE', 3)
  expect((await peer.final('BYE')).status).toBe(200)
  await over
  expect(world.server.stats().dialogs).toBe(0)
})

describe('lost packets', () => {
  test('an INVITE is repeated until something comes back', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    const call = app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    await peer.again(invite)
    await peer.again(invite)
    peer.send(answer(world, peer, invite))
    await call.dialog
    await peer.request('ACK')
  })

  test('a repeated 200 gets the same ACK again, and the app hears of it once', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    const call = app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    peer.send(answer(world, peer, invite))
    await call.dialog
    const ack = await peer.request('ACK')
    peer.send(answer(world, peer, invite))
    peer.send(answer(world, peer, invite))
    await peer.again(ack)
    await peer.again(ack)
  })

  test('a repeated rejection gets its ACK again, without the app', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    const call = app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    peer.send(reply(invite, 486, { tag: 'callee' }))
    expect(await call.failure()).toBe(486)
    const ack = await peer.request('ACK')
    expect(ack.branch).toBe(invite.branch)
    peer.send(reply(invite, 486, { tag: 'callee' }))
    await peer.again(ack)
    await until(() => world.server.stats().transactions.client === 0, 'the end of the transaction')
    expect(world.server.stats().dialogs).toBe(0)
  })

  test('a call that nobody answers fails with 408', async () => {
    const world = await World.start({ timers: { ...QUICK, timerB: 100 } })
    const app = await world.app()
    const peer = await world.udp()
    expect(await app.call(world.uri(peer), { localSdp: SDP }).failure()).toBe(408)
    expect(world.server.stats()).toMatchObject({ dialogs: 0, pending: { outgoing: 0 } })
  })

  test('any other request that nobody answers fails with 408', async () => {
    const world = await World.start({ timers: { ...QUICK, timerF: 100 } })
    const app = await world.app()
    const peer = await world.udp()
    expect((await app.request(world.uri(peer), { method: 'OPTIONS' })).status).toBe(408)
    expect(peer.count(({ method }) => method === 'OPTIONS')).toBeGreaterThan(1)
  })
})

test('a second fork that answers is acknowledged and ended, without the app', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(answer(world, peer, invite, [], 'one'))
  peer.send(answer(world, peer, invite, [], 'two'))
  const dialog = await call.dialog
  expect(dialog.sip.remoteTag).toBe('one')
  const ack = await peer.next(
    ({ method, toTag }) => method === 'ACK' && toTag === 'two',
    'ACK to the second fork',
  )
  expect(ack.cseq).toBe(invite.cseq.replace('INVITE', 'ACK'))
  const bye = await peer.next(
    ({ method, toTag }) => method === 'BYE' && toTag === 'two',
    'BYE to the second fork',
  )
  peer.send(reply(bye, 200))
  await peer.next(({ method, toTag }) => method === 'ACK' && toTag === 'one', 'ACK to the first fork')
  expect(world.server.stats().dialogs).toBe(1)
})

test('in-dialog requests follow the proxies that record-routed, in reverse', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  const routes = [`<sip:p2@127.0.0.1:${peer.port};lr>`, `<sip:p1@127.0.0.1:${peer.port};lr>`]
  const far = 'Contact: <sip:bob@198.51.100.1:9>'
  peer.send(reply(invite, 200, { tag: 'c', body: SDP, headers: [far, `Record-Route: ${routes.join(', ')}`] }))
  await call.dialog
  const ack = await peer.request('ACK')
  expect(ack.uri).toBe('sip:bob@198.51.100.1:9')
  expect(ack.all('route')).toEqual([routes[1], routes[0]])
})

test('a challenged INVITE goes again with credentials, and its ACK carries them too', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP, auth: { username: 'u', password: 'p' } })
  const first = await peer.request('INVITE')
  peer.send(
    reply(first, 407, {
      tag: 'x',
      headers: ['Proxy-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=MD5'],
    }),
  )
  await peer.request('ACK')
  const second = await peer.request('INVITE')
  expect(second.get('call-id')).toBe(first.get('call-id'))
  expect(second.fromTag).toBe(first.fromTag)
  expect(Number.parseInt(second.cseq)).toBe(Number.parseInt(first.cseq) + 1)
  expect(second.get('proxy-authorization')).toContain('username="u"')
  peer.send(answer(world, peer, second))
  const dialog = await call.dialog
  const ack = await peer.next(({ method, toTag }) => method === 'ACK' && toTag === 'callee', 'ACK')
  expect(ack.get('proxy-authorization')).toBe(second.get('proxy-authorization'))
  const ended = dialog.destroy()
  peer.send(reply(await peer.request('BYE'), 200))
  await ended
  expect(world.server.stats().dialogs).toBe(0)
})

test('a call without an offer: the app’s ACK carries the answer', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { noAck: true })
  const invite = await peer.request('INVITE')
  expect(invite.body).toBe('')
  peer.send(answer(world, peer, invite))
  const pending = (await call.dialog) as unknown as { ack: (sdp: string) => Promise<unknown> }
  await pending.ack(SDP)
  const ack = await peer.request('ACK')
  expect(ack.body).toBe(SDP)
  expect(ack.get('content-type')).toBe('application/sdp')
})

test('an answer without a Contact is acknowledged and ended by the server', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  peer.send(reply(await peer.request('INVITE'), 200, { tag: 'c', body: SDP }))
  expect(await call.failure()).toBe(500)
  await peer.request('ACK')
  peer.send(reply(await peer.request('BYE'), 200))
  await until(() => world.server.stats().dialogs === 0, 'the end')
})

test('requests outside dialogs are sent and answered: REGISTER, MESSAGE, OPTIONS', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  for (const method of ['REGISTER', 'MESSAGE', 'OPTIONS']) {
    const asked = app.request(world.uri(peer), {
      method,
      headers: { 'Content-Type': 'text/plain', From: '<sip:alice@localhost>' },
      body: 'h\u00e9llo',
    })
    const seen = await peer.request(method)
    expect(seen.get('content-length')).toBe('6')
    expect(seen.body).toBe('h\u00e9llo')
    peer.send(reply(seen, 202, { tag: 'x', headers: ['X-Info: yes'] }))
    const response = await asked
    expect(response).toMatchObject({ status: 202 })
    expect(response.get('X-Info')).toBe('yes')
  }
  expect(world.server.stats().pending.outgoing).toBe(0)
})

test('a proxy that the app names is the next hop, and the Request-URI stays', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  app.call('sip:bob@far.example.com', { localSdp: SDP, proxy: world.uri(peer, 'edge') })
  const invite = await peer.request('INVITE')
  expect(invite.uri).toBe('sip:bob@far.example.com')
  expect(invite.all('route')).toEqual([])
})

describe('what cannot be sent is refused', () => {
  test.each([
    ['a URI that is none', 'sip:@', {}, 'invalid request-uri'],
    [
      'a transport that nothing listens on',
      'sips:bob@127.0.0.1',
      {},
      'requested protocol/transport not available',
    ],
    ['a body of unknown type', 'sip:bob@127.0.0.1:9', { localSdp: 'hello' }, 'missing content-type'],
  ])('%s', async (_, uri, opts, reason) => {
    const world = await World.start()
    const app = await world.app()
    await expect(app.call(uri, opts).dialog).rejects.toThrow(reason)
    expect(world.server.stats()).toMatchObject({ dialogs: 0, pending: { outgoing: 0 } })
  })

  test('a call to the server’s own address', async () => {
    const world = await World.start()
    const app = await world.app()
    await expect(app.call(`sip:x@127.0.0.1:${world.address.port}`, { localSdp: SDP }).dialog).rejects.toThrow(
      'myself',
    )
    await expect(app.call(`sip:x@localhost:${world.address.port}`, { localSdp: SDP }).dialog).rejects.toThrow(
      'myself',
    )
  })

  test('a request within a dialog that is gone', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    const call = app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    peer.send(answer(world, peer, invite))
    const dialog = await call.dialog
    await peer.request('ACK')
    const destroyed = dialog.destroy()
    peer.send(reply(await peer.request('BYE'), 200))
    await destroyed
    await expect(dialog.request({ method: 'INFO' })).rejects.toMatchObject({ code: 'ENODIALOG' })
  })

  test('a second re-INVITE before the first is answered', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    const call = app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    peer.send(answer(world, peer, invite))
    const dialog = await call.dialog
    await peer.request('ACK')
    const first = dialog.request({ method: 'INVITE', body: SDP })
    const reinvite = await peer.request('INVITE')
    await expect(dialog.request({ method: 'INVITE', body: SDP })).rejects.toThrow('another INVITE')
    peer.send(reply(reinvite, 488))
    expect((await first).status).toBe(488)
  })
})

test('an INVITE of the server’s own that a proxy sends back to it gets 482', async () => {
  const world = await World.start()
  const app = await world.app()
  const invites = app.take('invite')
  const peer = await world.udp()
  app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  const via = `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKback\r\nVia:`
  peer.send(invite.raw.replace('Via:', via))
  await peer.status(482, 'INVITE')
  expect(invites.total).toBe(0)
})

test('names are looked up, and a name that nobody knows fails with 503', async () => {
  const world = await World.start({
    nameServices: {
      srv: () => Promise.reject(new Error('ENODATA')),
      addresses: (name) =>
        name === 'known.example.com'
          ? Promise.resolve(['127.0.0.1'])
          : Promise.reject(new Error('ENOTFOUND')),
    },
  })
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(`sip:bob@known.example.com:${peer.port}`, { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(answer(world, peer, invite))
  await call.dialog
  await peer.request('ACK')
  expect(await app.call('sip:bob@unknown.example.com', { localSdp: SDP }).failure()).toBe(503)
})

test('glare: while the app’s re-INVITE is open the peer’s gets 491', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(answer(world, peer, invite))
  const dialog = await call.dialog
  await peer.request('ACK')
  const modified = dialog.modify(SDP)
  const reinvite = await peer.request('INVITE')
  peer.send(
    `INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKglare\r\nFrom: ${invite.get('to')};tag=callee\r\nTo: ${invite.get('from')}\r\nCall-ID: ${invite.get('call-id')}\r\nCSeq: 1 INVITE\r\nContact: <${world.uri(peer)}>\r\nContent-Length: 0\r\n\r\n`.replace(
      'sip:x ',
      `${world.uri(peer)} `,
    ),
  )
  await peer.status(491, 'INVITE')
  peer.send(answer(world, peer, reinvite))
  await modified
})
