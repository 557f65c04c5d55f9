import { describe, expect, test } from 'vitest'
import { ended } from '../support/app.js'
import { Caller } from '../support/caller.js'
import { reply, SDP } from '../support/text.js'
import { QUICK, World } from '../support/world.js'

/** Sessions of a second, so that tests are quick; RFC 4028 itself allows 90 at least. */
const SHORT = { timers: { ...QUICK, minSessionExpires: 1 } }

describe('as the called side', () => {
  test('a caller that is to refresh and does not is ended shortly before the interval is over', async () => {
    const world = await World.start(SHORT)
    const app = await world.app()
    const dialogs = app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.udp())
    const answer = await caller.establish({
      headers: ['Supported: timer', 'Session-Expires: 1;refresher=uac'],
    })
    expect(answer.get('session-expires')).toBe('1;refresher=uac')
    expect(answer.get('require')).toBe('timer')
    const over = ended(await dialogs.next())
    const bye = await caller.peer.request('BYE')
    expect(bye.get('reason')).toContain('Session timer expired')
    expect((await over).reason).toBe('Session timer expired')
    expect(world.server.stats().dialogs).toBe(0)
  })

  test('a caller that refreshes keeps its session, and is told of it in each answer', async () => {
    const world = await World.start(SHORT)
    const app = await world.app()
    app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.udp())
    const session = ['Supported: timer', 'Session-Expires: 60;refresher=uac']
    await caller.establish({ headers: session })
    caller.next('INVITE', { headers: session, body: SDP })
    const answer = await caller.peer.status(200, 'INVITE')
    expect(answer.get('session-expires')).toBe('60;refresher=uac')
    caller.ack()
    caller.next('UPDATE', { headers: session })
    expect((await caller.peer.final('UPDATE')).get('session-expires')).toBe('60;refresher=uac')
  })

  test('the server refreshes by re-INVITE with its last description where that is its duty', async () => {
    const world = await World.start(SHORT)
    const app = await world.app()
    const bodies = app.take('bye')
    app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.udp())
    const answer = await caller.establish({
      headers: ['Supported: timer', 'Session-Expires: 1;refresher=uas'],
    })
    expect(answer.get('session-expires')).toBe('1;refresher=uas')
    const refresh = await caller.peer.request('INVITE')
    expect(refresh.body).toBe(SDP)
    expect(refresh.get('session-expires')).toBe('1;refresher=uac')
    caller.peer.send(
      reply(refresh, 200, {
        body: SDP,
        headers: [`Contact: ${caller.contact}`, 'Session-Expires: 1;refresher=uac'],
      }),
    )
    const ack = await caller.peer.request('ACK')
    expect(ack.cseq).toBe(refresh.cseq.replace('INVITE', 'ACK'))
    // And again half an interval later.
    await caller.peer.request('INVITE')
    expect(bodies.total).toBe(0)
  })

  test('the server refreshes by UPDATE where the peer takes one', async () => {
    const world = await World.start(SHORT)
    const app = await world.app()
    app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.udp())
    const headers = ['Supported: timer', 'Session-Expires: 1;refresher=uas', 'Allow: INVITE, UPDATE']
    await caller.establish({ headers })
    const refresh = await caller.peer.request('UPDATE')
    expect(refresh.body).toBe('')
    caller.peer.send(reply(refresh, 422, { headers: ['Min-SE: 60'] }))
    const longer = await caller.peer.request('UPDATE')
    expect(longer.get('session-expires')).toBe('60;refresher=uac')
    caller.peer.send(reply(longer, 200, { headers: ['Session-Expires: 60;refresher=uac'] }))
  })

  test('a refresh that fails ends the call', async () => {
    const world = await World.start(SHORT)
    const app = await world.app()
    const dialogs = app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.udp())
    await caller.establish({ headers: ['Supported: timer', 'Session-Expires: 1;refresher=uas'] })
    const over = ended(await dialogs.next())
    caller.peer.send(reply(await caller.peer.request('INVITE'), 481))
    await caller.peer.request('BYE')
    expect((await over).reason).toBe('Session timer expired')
  })

  test('too short a session is refused with 422 and the minimum, before the app hears of it', async () => {
    const world = await World.start()
    const app = await world.app()
    const dialogs = app.answerAll({ localSdp: SDP })
    const caller = new Caller(await world.udp())
    caller.invite({ headers: ['Supported: timer', 'Session-Expires: 60'] })
    expect((await caller.peer.status(422)).get('min-se')).toBe('90')
    expect(dialogs.total).toBe(0)
    const next = new Caller(caller.peer)
    await next.establish()
    for (const method of ['INVITE', 'UPDATE']) {
      next.next(method, { headers: ['Supported: timer', 'Session-Expires: 60'], body: SDP })
      expect((await next.peer.status(422, method)).get('min-se')).toBe('90')
    }
  })
})

describe('as the calling side', () => {
  test('the server refreshes what the callee granted, and ends the call where the callee does not', async () => {
    const world = await World.start(SHORT)
    const app = await world.app()
    const peer = await world.udp()
    const call = async (refresher: string) => {
      const made = app.call(world.uri(peer), {
        localSdp: SDP,
        headers: { Supported: 'timer', 'Session-Expires': '1' },
      })
      const invite = await peer.request('INVITE')
      const headers = [`Contact: <${world.uri(peer)}>`, `Session-Expires: 1;refresher=${refresher}`]
      peer.send(reply(invite, 200, { tag: 'c', body: SDP, headers }))
      const dialog = await made.dialog
      await peer.request('ACK')
      return dialog
    }
    await call('uac')
    const refresh = await peer.request('INVITE')
    expect(refresh.toTag).toBe('c')
    expect(refresh.get('supported')).toBe('timer')
    peer.send(reply(refresh, 200, { body: SDP, headers: ['Session-Expires: 90;refresher=uac'] }))
    await peer.request('ACK')
    const over = ended(await call('uas'))
    await peer.request('BYE')
    expect((await over).reason).toBe('Session timer expired')
  })

  test('the app’s own re-INVITE keeps the session timer on', async () => {
    const world = await World.start()
    const app = await world.app()
    const peer = await world.udp()
    const made = app.call(world.uri(peer), { localSdp: SDP })
    const invite = await peer.request('INVITE')
    const headers = [`Contact: <${world.uri(peer)}>`, 'Session-Expires: 300;refresher=uas']
    peer.send(reply(invite, 200, { tag: 'c', body: SDP, headers }))
    const dialog = await made.dialog
    await peer.request('ACK')
    void dialog.modify(SDP)
    const reinvite = await peer.request('INVITE')
    expect(reinvite.get('session-expires')).toBe('300;refresher=uas')
    peer.send(reply(reinvite, 200, { body: SDP, headers }))
    await peer.request('ACK')
  })
})
