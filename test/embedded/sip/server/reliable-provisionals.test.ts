import { describe, expect, test } from 'vitest'
import { respond, type SrfMessage } from '../support/app.js'
import { Caller } from '../support/caller.js'
import { reply, SDP } from '../support/text.js'
import { QUICK, until, World } from '../support/world.js'

const RELIABLY = { headers: { Require: '100rel' }, body: SDP }

describe('as the called side', () => {
  test('a reliable provisional is repeated until its PRACK, which the app answers', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite({ headers: ['Supported: 100rel'] })
    const offer = await invites.next()
    const pracked = new Promise<SrfMessage>((resolve) => {
      offer.res.send(183, RELIABLY, () => undefined, resolve)
    })
    const first = caller.learn(await caller.peer.status(183))
    await caller.peer.again(first)
    expect(first.get('require')).toBe('100rel')
    expect(first.get('contact')).not.toBe('')
    expect(Number(first.get('rseq'))).toBeGreaterThan(0)
    caller.next('PRACK', { headers: [`RAck: ${first.get('rseq')} 1 INVITE`] })
    expect((await caller.peer.final('PRACK')).status).toBe(200)
    expect((await pracked).method).toBe('PRACK')
    await app.answer(offer, { localSdp: SDP })
    await caller.peer.status(200, 'INVITE')
    caller.seq = 1
    caller.ack()
    await until(() => world.server.stats().pending.incoming === 0, 'the end')
    expect(world.faults).toEqual([])
  })

  test('the next provisional and the 200 wait for the PRACK', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite({ headers: ['Require: 100rel'] })
    const offer = await invites.next()
    await respond(offer.res, 183, RELIABLY)
    await respond(offer.res, 180, { headers: { Require: '100rel' } })
    const session = caller.learn(await caller.peer.status(183))
    await caller.peer.again(session)
    expect(caller.peer.count(({ status }) => status === 180)).toBe(0)
    caller.next('PRACK', { headers: [`RAck: ${session.get('rseq')} 1 INVITE`] })
    const ringing = await caller.peer.status(180)
    expect(Number(ringing.get('rseq'))).toBe(Number(session.get('rseq')) + 1)
    void app.answer(offer, { localSdp: SDP })
    await caller.peer.again(ringing)
    expect(caller.peer.count(({ status, cseq }) => status === 200 && cseq.endsWith('INVITE'))).toBe(0)
    caller.next('PRACK', { headers: [`RAck: ${ringing.get('rseq')} 1 INVITE`] })
    // srf does not answer a PRACK once it has a dialog, so the server does.
    const prack = await caller.peer.next(({ cseq }) => cseq === '3 PRACK')
    expect(prack.status).toBe(200)
    await caller.peer.status(200, 'INVITE')
  })

  test('a PRACK for nothing gets 481', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite({ headers: ['Supported: 100rel'] })
    await respond((await invites.next()).res, 183, RELIABLY)
    const first = caller.learn(await caller.peer.status(183))
    for (const rack of [
      `${Number(first.get('rseq')) + 1} 1 INVITE`,
      `${first.get('rseq')} 2 INVITE`,
      'nonsense',
    ]) {
      caller.next('PRACK', { headers: [`RAck: ${rack}`] })
      expect((await caller.peer.final('PRACK')).status).toBe(481)
    }
  })

  test('a provisional without PRACK ends the call with 504, and the app is told as of a CANCEL', async () => {
    const world = await World.start({ timers: { ...QUICK, t1: 5, t2: 20 } })
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite({ headers: ['Supported: 100rel'] })
    const offer = await invites.next()
    const cancelled = new Promise<SrfMessage>((resolve) => offer.req.on('cancel', resolve))
    await respond(offer.res, 183, RELIABLY)
    await caller.peer.status(504, 'INVITE')
    expect((await cancelled).get('reason')).toContain('cause=504')
    expect(world.server.stats().dialogs).toBe(0)
  })

  test('a caller that knows no reliable provisionals gets none: the app is told so', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite()
    const offer = await invites.next()
    await expect(respond(offer.res, 183, RELIABLY)).rejects.toThrow('does not support 100rel')
    await respond(offer.res, 183, { body: SDP })
    expect((await caller.peer.status(183)).get('rseq')).toBe('')
  })

  test('a caller that cancels while a 200 waits for the PRACK gets 487, and the app loses its dialog', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite({ headers: ['Supported: 100rel'] })
    const offer = await invites.next()
    await respond(offer.res, 183, RELIABLY)
    await caller.peer.status(183)
    const dialog = await app.answer(offer, { localSdp: SDP })
    const over = new Promise((resolve) => dialog.on('destroy', resolve))
    caller.onInviteBranch('CANCEL', caller.lastBranch)
    await caller.peer.status(487, 'INVITE')
    await over
    expect(world.server.stats().dialogs).toBe(0)
  })

  test('an UPDATE before the answer reaches the app', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite({ headers: ['Supported: 100rel'] })
    const offer = await invites.next()
    offer.req.on('update', (...args: unknown[]) => {
      const res = args[1] as { send: (status: number, opts: object) => void }
      res.send(200, { body: SDP })
    })
    await respond(offer.res, 183, { body: SDP })
    caller.learn(await caller.peer.status(183))
    caller.next('UPDATE', { body: SDP })
    expect((await caller.peer.final('UPDATE')).body).toBe(SDP)
  })

  test('a caller that sends BYE before the answer ends the call', async () => {
    const world = await World.start()
    const app = await world.app()
    const invites = app.take('invite')
    const caller = new Caller(await world.udp())
    caller.invite()
    const offer = await invites.next()
    const cancelled = new Promise((resolve) => offer.req.on('cancel', resolve))
    await respond(offer.res, 180)
    caller.learn(await caller.peer.status(180))
    caller.next('BYE')
    await caller.peer.status(200, 'BYE')
    await caller.peer.status(487, 'INVITE')
    await cancelled
    expect(world.server.stats().dialogs).toBe(0)
  })
})

describe('as the calling side', () => {
  test('the app’s PRACK answers a reliable provisional, and a repeated one reaches the app once', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    const call = app.call(world.uri(peer), { localSdp: SDP, headers: { Supported: '100rel' } })
    const invite = await peer.request('INVITE')
    const contact = `Contact: <${world.uri(peer)}>`
    const ringing = (status: number, rseq: number) =>
      reply(invite, status, { tag: 'c', headers: [contact, 'Require: 100rel', `RSeq: ${rseq}`] })
    peer.send(ringing(183, 100))
    peer.send(ringing(183, 100))
    const prack = await peer.request('PRACK')
    expect(prack.get('rack')).toBe(`100 ${invite.cseq}`)
    expect(prack.uri).toBe(world.uri(peer))
    expect(prack.toTag).toBe('c')
    expect(Number.parseInt(prack.cseq)).toBe(Number.parseInt(invite.cseq) + 1)
    peer.send(reply(prack, 200))
    // Out of order: dropped until the one before it comes.
    peer.send(ringing(180, 102))
    peer.send(ringing(180, 101))
    const second = await peer.request('PRACK')
    expect(second.get('rack')).toBe(`101 ${invite.cseq}`)
    peer.send(reply(second, 200))
    expect(call.provisionals.total).toBe(2)
    peer.send(reply(invite, 200, { tag: 'c', body: SDP, headers: [contact] }))
    await call.dialog
    expect((await peer.request('ACK')).cseq).toBe(invite.cseq.replace('INVITE', 'ACK'))
    expect(world.faults).toEqual([])
  })

  test('each fork is acknowledged in its own early dialog', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    const ringing = (tag: string, rseq: number) =>
      reply(invite, 180, {
        tag,
        headers: [`Contact: <${world.uri(peer, tag)}>`, 'Require: 100rel', `RSeq: ${rseq}`],
      })
    peer.send(ringing('one', 10))
    peer.send(ringing('two', 20))
    const pracks = [await peer.request('PRACK'), await peer.request('PRACK')]
    const seen = pracks.map((prack) => [
      prack.toTag,
      prack.get('rack').split(' ')[0],
      prack.uri.split(/[:@]/)[1],
    ])
    expect(seen.sort()).toEqual([
      ['one', '10', 'one'],
      ['two', '20', 'two'],
    ])
  })

  test('of forks that number alike, the one that was heard last is acknowledged', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    for (const [tag, rseq] of [
      ['one', 1],
      ['two', 1],
      ['two', 2],
      ['one', 2],
    ] as const) {
      const headers = [`Contact: <${world.uri(peer, tag)}>`, 'Require: 100rel', `RSeq: ${rseq}`]
      peer.send(reply(invite, 180, { tag, headers }))
      const prack = await peer.request('PRACK')
      expect([prack.toTag, prack.get('rack').split(' ')[0]]).toEqual([tag, String(rseq)])
      peer.send(reply(prack, 200))
    }
  })
})
