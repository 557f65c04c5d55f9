import { expect, test } from 'vitest'
import { ended, respond, type SrfMessage } from '../support/app.js'
import { Caller } from '../support/caller.js'
import { reply, SDP } from '../support/text.js'
import { QUICK, until, World } from '../support/world.js'

test('a caller that cancels before the app answered gets 200 and 487, and the app is told', async () => {
  const world = await World.start()
  const app = await world.app()
  const invites = app.take('invite')
  const caller = new Caller(await world.udp())
  caller.invite()
  const branch = caller.lastBranch
  const offer = await invites.next()
  const cancelled = new Promise<SrfMessage>((resolve) => offer.req.on('cancel', resolve))
  caller.onInviteBranch('CANCEL', branch, { headers: ['Reason: SIP;cause=200'] })
  await caller.peer.status(200, 'CANCEL')
  caller.toTag = (await caller.peer.status(487, 'INVITE')).toTag
  expect((await cancelled).get('reason')).toBe('SIP;cause=200')
  caller.onInviteBranch('ACK', branch)
  // The app's own 487, sent in all innocence, is refused without harm.
  await expect(respond(offer.res, 487)).rejects.toThrow('unknown transaction')
  await until(() => world.server.stats().pending.incoming === 0, 'the end')
  expect(world.server.stats().dialogs).toBe(0)
  expect(world.faults).toEqual([])
})

test('a caller that cancels while it rings leaves no early dialog behind', async () => {
  const world = await World.start()
  const app = await world.app()
  const invites = app.take('invite')
  const caller = new Caller(await world.udp())
  caller.invite()
  const offer = await invites.next()
  await respond(offer.res, 180)
  await caller.peer.status(180)
  expect(world.server.stats().dialogs).toBe(1)
  const cancelled = new Promise((resolve) => offer.req.on('cancel', resolve))
  caller.onInviteBranch('CANCEL', caller.lastBranch)
  await Promise.all([cancelled, caller.peer.status(200, 'CANCEL'), caller.peer.status(487, 'INVITE')])
  expect(world.server.stats().dialogs).toBe(0)
})

test('a CANCEL that crosses the 200 gets 481, and the call is ended by BYE once it is acknowledged', async () => {
  const world = await World.start()
  const app = await world.app()
  const dialogs = app.answerAll({ localSdp: SDP })
  const caller = new Caller(await world.udp())
  caller.invite()
  const branch = caller.lastBranch
  const over = ended(await dialogs.next())
  caller.learn(await caller.peer.status(200, 'INVITE'))
  caller.onInviteBranch('CANCEL', branch)
  await caller.peer.status(481, 'CANCEL')
  expect((await over).reason).toBe('CANCEL after 200 OK')
  caller.ack()
  const bye = await caller.peer.request('BYE')
  caller.peer.send(reply(bye, 200))
  await until(() => world.server.stats().dialogs === 0, 'the end of the dialog')
})

test('a BYE of the caller that crosses the server’s own is answered by the server', async () => {
  const world = await World.start()
  const app = await world.app()
  const dialogs = app.answerAll({ localSdp: SDP })
  const caller = new Caller(await world.udp())
  caller.invite()
  const branch = caller.lastBranch
  await dialogs.next()
  caller.learn(await caller.peer.status(200, 'INVITE'))
  caller.onInviteBranch('CANCEL', branch)
  await caller.peer.status(481, 'CANCEL')
  caller.next('BYE')
  expect((await caller.peer.final('BYE')).status).toBe(200)
})

test('a CANCEL for no call gets 481', async () => {
  const world = await World.start()
  const caller = new Caller(await world.udp())
  caller.send('CANCEL', { contact: null })
  await caller.peer.status(481, 'CANCEL')
})

test('a CANCEL for a call that was rejected changes nothing', async () => {
  const world = await World.start()
  const app = await world.app()
  const invites = app.take('invite')
  const caller = new Caller(await world.udp())
  caller.invite()
  await respond((await invites.next()).res, 486)
  await caller.peer.status(486)
  caller.onInviteBranch('CANCEL', caller.lastBranch)
  await caller.peer.status(200, 'CANCEL')
})

test('an app that cancels before anything rang has its CANCEL held until something does', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  const cancel = await call.cancel({ Reason: 'SIP;cause=200;text="Call completed elsewhere"' })
  expect(cancel.method).toBe('CANCEL')
  // The INVITE is repeated meanwhile: nothing has come back yet.
  await peer.again(invite)
  expect(peer.count((text) => text.method === 'CANCEL')).toBe(0)
  peer.send(reply(invite, 180, { tag: 'b' }))
  const seen = await peer.request('CANCEL')
  expect(seen.branch).toBe(invite.branch)
  expect(seen.cseq).toBe(invite.cseq.replace('INVITE', 'CANCEL'))
  expect(seen.get('reason')).toBe('SIP;cause=200;text="Call completed elsewhere"')
  peer.send(reply(seen, 200, { tag: 'b' }))
  peer.send(reply(invite, 487, { tag: 'b' }))
  const ack = await peer.request('ACK')
  expect(ack.branch).toBe(invite.branch)
  expect(ack.toTag).toBe('b')
  expect(await call.failure()).toBe(487)
  await until(() => world.server.stats().dialogs === 0, 'the end')
})

test('a 200 that comes after the app cancelled is acknowledged and ended, and the app is told', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(reply(invite, 180, { tag: 'b' }))
  await call.provisionals.next()
  await call.cancel()
  await peer.request('CANCEL')
  peer.send(reply(invite, 200, { tag: 'b', body: SDP, headers: [`Contact: <${world.uri(peer)}>`] }))
  const over = ended(await call.dialog)
  await peer.request('ACK')
  const bye = await peer.request('BYE')
  expect(bye.get('reason')).toContain('ACK-BYE')
  expect((await over).reason).toContain('race')
  peer.send(reply(bye, 200))
  await until(() => world.server.stats().dialogs === 0, 'the end')
})

test('a cancelled call that is never ended by the callee ends by itself', async () => {
  const world = await World.start({ timers: { ...QUICK, t1: 5, t2: 20 } })
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(reply(invite, 180, { tag: 'b' }))
  await call.provisionals.next()
  await call.cancel()
  expect(await call.failure()).toBe(408)
})

test('ringing for longer than timer C is cancelled', async () => {
  const world = await World.start({ timers: { ...QUICK, timerC: 60 } })
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(reply(invite, 180, { tag: 'b' }))
  await peer.request('CANCEL')
  peer.send(reply(invite, 487, { tag: 'b' }))
  expect(await call.failure()).toBe(487)
})

test('cancelling a call that is over is refused', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  peer.send(reply(await peer.request('INVITE'), 486, { tag: 'b' }))
  expect(await call.failure()).toBe(486)
  await expect(call.cancel()).rejects.toThrow('unknown transaction id')
})

test('a callee that ends an early call by BYE and then answers is ended again, and the app’s call fails', async () => {
  const world = await World.start()
  const app = await world.app()
  const peer = await world.udp()
  const call = app.call(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(reply(invite, 180, { tag: 'b' }))
  await call.provisionals.next()
  peer.send(
    [
      `BYE ${world.uri(peer)} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKearly`,
      `From: ${invite.get('to')};tag=b`,
      `To: ${invite.get('from')}`,
      `Call-ID: ${invite.get('call-id')}`,
      'CSeq: 1 BYE',
      'Content-Length: 0\r\n\r\n',
    ].join('\r\n'),
  )
  await peer.status(200, 'BYE')
  peer.send(reply(invite, 200, { tag: 'b', body: SDP, headers: [`Contact: <${world.uri(peer)}>`] }))
  await peer.request('ACK')
  peer.send(reply(await peer.request('BYE'), 200))
  expect(await call.failure()).toBe(487)
  expect(world.server.stats()).toMatchObject({ dialogs: 0, pending: { outgoing: 0 } })
})
