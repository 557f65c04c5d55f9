import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { respond, TestApp } from '../support/app.js'
import { Caller } from '../support/caller.js'
import { reply, SDP } from '../support/text.js'
import { QUICK, until, World } from '../support/world.js'

/** A bare connection to the control port. */
async function control(
  world: World,
): Promise<{ send(text: string): void; next(): Promise<string>; closed: Promise<unknown> }> {
  const { host, port } = world.server.control
  const socket = connect(port, host)
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  return {
    send: (text) => socket.write(`${Buffer.byteLength(text)}#${text}`),
    next: async () => ((await once(socket, 'data')) as [Buffer])[0].toString(),
    closed,
  }
}

describe('the secret', () => {
  test('opens the server, which tells its addresses and version', async () => {
    const world = await World.start()
    const app = await control(world)
    app.send(`1|authenticate|${world.server.control.secret}|tag1,tag2`)
    const { port } = world.address
    expect((await app.next()).split('|').slice(1)).toEqual([
      'response',
      '1',
      'OK',
      `udp/127.0.0.1:${port},tcp/127.0.0.1:${port}`,
      expect.stringMatching(/^v0\.9\./),
      `udp/127.0.0.1:${port},tcp/127.0.0.1:${port}`,
    ])
    app.send('2|ping')
    expect(await app.next()).toContain('|response|2|OK|pong')
  })

  test('is random, and a wrong one is refused and the connection closed', async () => {
    const world = await World.start()
    expect(world.server.control.secret).toMatch(/^[0-9a-f]{48}$/)
    await expect(TestApp.connect(world.server, 'wrong')).rejects.toThrow('failed to authenticate')
    const app = await control(world)
    app.send('1|authenticate|wrong')
    expect(await app.next()).toContain('|response|1|NO|incorrect secret')
    await app.closed
  })

  test('is needed before anything else', async () => {
    const world = await World.start()
    const app = await control(world)
    app.send('1|route|invite')
    expect(await app.next()).toContain('|response|1|NO|')
    await app.closed
    expect(world.server.stats().apps).toBe(0)
  })

  test('is waited for only so long', async () => {
    const world = await World.start({ limits: { authenticate: 20 } })
    await (
      await control(world)
    ).closed
  })

  test('frames that are none end the connection', async () => {
    const world = await World.start()
    const { host, port } = world.server.control
    const socket = connect(port, host)
    await once(socket, 'connect')
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await once(socket, 'close')
  })
})

test('several apps take turns, and each keeps the calls it got', async () => {
  const world = await World.start()
  const [one, two] = [await world.app(), await world.app()]
  const queues = [one.take('invite'), two.take('invite')]
  await until(() => world.server.stats().apps === 2, 'both apps')
  const peer = await world.udp()
  const callers = [new Caller(peer), new Caller(peer), new Caller(peer), new Caller(peer)]
  // The route commands were answered by the time that these arrive.
  const probe = new Caller(peer)
  probe.send('OPTIONS')
  await peer.status(503, 'OPTIONS')
  for (const caller of callers) caller.invite()
  const [first, second] = queues
  const offers = [await first?.next(), await second?.next(), await first?.next(), await second?.next()]
  expect(queues.map(({ total }) => total)).toEqual([2, 2])
  // The dialog's requests go to the app that answered it.
  const offer = offers[1]
  const caller = callers.find(({ callId }) => callId === offer?.req.get('call-id'))
  if (!offer || !caller) throw new Error('no offer')
  const dialog = await two.answer(offer, { localSdp: SDP })
  caller.learn(await peer.next(({ status, raw }) => status === 200 && raw.includes(caller.callId)))
  caller.ack()
  const info = new Promise((resolve) => dialog.on('info', (_, res) => resolve(respond(res, 200))))
  caller.next('INFO')
  await info
  expect((await peer.final('INFO')).status).toBe(200)
})

test('an app that no longer wants a verb gets none of it', async () => {
  const world = await World.start()
  const app = await world.app()
  app.take('options')
  app.take('message')
  app.srf._app.client.removeRoute('options')
  const caller = new Caller(await world.udp())
  // The MESSAGE is still routed; it also tells that the command has arrived.
  await until(() => world.server.stats().apps === 1, 'the app')
  caller.send('OPTIONS')
  await caller.peer.status(503, 'OPTIONS')
})

describe('an app that goes', () => {
  test('leaves what it had not answered to be refused with 503, what it had sent to be cancelled', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const peer = await world.udp()
    const caller = new Caller(peer)
    caller.invite()
    await invites.next()
    const call = app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.next(({ method }) => method === 'INVITE')
    peer.send(reply(invite, 180, { tag: 'c' }))
    await call.provisionals.next()
    app.close()
    await peer.status(503, 'INVITE')
    await peer.request('CANCEL')
    peer.send(reply(invite, 487, { tag: 'c' }))
    await until(() => world.server.stats().dialogs === 0, 'the end')
    expect(world.server.stats()).toMatchObject({ apps: 0, pending: { incoming: 0, outgoing: 0 } })
  })

  test('leaves its calls to be answered 481, and ended after a while', async () => {
    const world = await World.start({ timers: { ...QUICK, appSilence: 100 } })
    const app = await world.app()
    const dialogs = app.answerAll({ localSdp: SDP })
    const peer = await world.udp()
    const [one, two, three] = [new Caller(peer), new Caller(peer), new Caller(peer)]
    for (const caller of [one, two, three]) {
      caller.invite()
      await dialogs.next()
      caller.learn(await peer.next(({ status, raw }) => status === 200 && raw.includes(caller.callId)))
      caller.ack()
    }
    app.close()
    await until(() => world.server.stats().apps === 0, 'the end of the app')
    one.next('INFO')
    await peer.status(481, 'INFO')
    two.next('BYE')
    await peer.status(481, 'BYE')
    expect(world.server.stats().dialogs).toBe(2)
    const byes = [await peer.request('BYE'), await peer.request('BYE')]
    expect(new Set(byes.map((bye) => bye.get('call-id')))).toEqual(new Set([one.callId, three.callId]))
    expect(byes[0]?.get('reason')).toContain('Application gone')
    await until(() => world.server.stats().dialogs === 0, 'the end of the dialogs')
  })

  test('while its call was being answered has the answer acknowledged and ended for it', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    app.close()
    await until(() => world.server.stats().apps === 0, 'the end of the app')
    peer.send(reply(invite, 200, { tag: 'c', body: SDP, headers: [`Contact: <${world.uri(peer)}>`] }))
    await peer.request('ACK')
    peer.send(reply(await peer.request('BYE'), 200))
    await until(() => world.server.stats().dialogs === 0, 'the end of the dialog')
  })
})

test('an app may not answer for another one', async () => {
  const world = await World.start()
  const app = await world.app()
  const options = app.take('options')
  const caller = new Caller(await world.udp())
  caller.send('OPTIONS')
  const offer = await options.next()
  const other = await control(world)
  other.send(`1|authenticate|${world.server.control.secret}`)
  await other.next()
  other.send(`2|sip|${offer.req.stackTxnId}|\r\nSIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\n\r\n`)
  expect(await other.next()).toContain('NOK|Response not sent due to unknown transaction')
  await respond(offer.res, 404)
  await caller.peer.status(404)
})

test('call records go to the app that asked for them', async () => {
  const world = await World.start()
  const app = await world.app()
  const records: string[] = []
  app.srf.on('cdr:attempt', (source) => records.push(`attempt ${String(source)}`))
  app.srf.on('cdr:start', (source, _time, role) => records.push(`start ${String(source)} ${String(role)}`))
  app.srf.on('cdr:stop', (source, _time, reason) => records.push(`stop ${String(source)} ${String(reason)}`))
  app.answerAll({ localSdp: SDP })
  const caller = new Caller(await world.udp())
  await caller.establish()
  caller.next('BYE')
  await caller.peer.final('BYE')
  await until(() => records.length === 3, 'three records')
  expect(records).toEqual(['attempt network', 'start application uas', 'stop network normal-release'])
})

test('a SUBSCRIBE makes a dialog that the final NOTIFY ends', async () => {
  const world = await World.start()
  const app = await world.app()
  const subscribes = app.take('subscribe')
  const caller = new Caller(await world.udp())
  caller.send('SUBSCRIBE', { headers: ['Event: presence', 'Expires: 60'] })
  const offer = await subscribes.next()
  const dialog = await app.answer(offer, { headers: { Expires: '60' } })
  caller.learn(await caller.peer.status(202, 'SUBSCRIBE'))
  expect(world.server.stats().dialogs).toBe(1)
  const notified = dialog.request({
    method: 'NOTIFY',
    headers: { 'Subscription-State': 'active', Event: 'presence' },
  })
  const notify = await caller.peer.request('NOTIFY')
  expect(notify.toTag).toBe(caller.tag)
  caller.peer.send(reply(notify, 200))
  await notified
  void dialog.destroy()
  const final = await caller.peer.request('NOTIFY')
  expect(final.get('subscription-state')).toBe('terminated')
  caller.peer.send(reply(final, 200))
  await until(() => world.server.stats().dialogs === 0, 'the end of the subscription')
})

test('two legs joined by srf’s own B2BUA', async () => {
  const world = await World.start()
  const app = await world.app()
  const callee = await world.udp()
  app.srf.use('invite', (req, res) => {
    void app.srf
      .createB2BUA(req, res, world.uri(callee), { localSdpB: req.body, proxyRequestHeaders: ['X-Trunk'] })
      .then(({ uas, uac }) => {
        uas.on('destroy', () => void uac.destroy())
        uac.on('destroy', () => void uas.destroy())
      })
  })
  const caller = new Caller(await world.tcp())
  caller.invite({ headers: ['X-Trunk: main'] })
  const invite = await callee.request('INVITE')
  expect(invite.get('x-trunk')).toBe('main')
  callee.send(reply(invite, 180, { tag: 'b' }))
  await caller.peer.status(180)
  callee.send(reply(invite, 200, { tag: 'b', body: SDP, headers: [`Contact: <${world.uri(callee)}>`] }))
  caller.learn(await caller.peer.status(200, 'INVITE'))
  caller.ack()
  await callee.request('ACK')
  caller.next('BYE')
  await caller.peer.status(200, 'BYE')
  callee.send(reply(await callee.request('BYE'), 200))
  await until(() => world.server.stats().dialogs === 0, 'the end of both legs')
  await until(() => world.server.stats().pending.outgoing === 0, 'the last answer')
  expect(world.faults).toEqual([])
})
