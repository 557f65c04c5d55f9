import { expect, test } from 'vitest'
import { Caller } from '../support/caller.js'
import { reply, SDP } from '../support/text.js'
import { World } from '../support/world.js'

test('a call from a UDP peer is answered by the app and ended by the peer', async () => {
  const world = await World.start()
  const srf = await world.app()
  srf.invite((req, res) => {
    void srf.createUAS(req, res, { localSdp: SDP })
  })
  const caller = new Caller(await world.udp())
  await caller.establish()
  caller.next('BYE')
  expect((await caller.peer.final('BYE')).status).toBe(200)
  expect(world.faults).toEqual([])
})

test('the app calls a UDP peer', async () => {
  const world = await World.start()
  const srf = await world.app()
  const peer = await world.udp()
  const made = srf.createUAC(world.uri(peer), { localSdp: SDP })
  const invite = await peer.request('INVITE')
  peer.send(reply(invite, 180, { tag: 'x' }))
  peer.send(reply(invite, 200, { tag: 'x', body: SDP, headers: [`Contact: <${world.uri(peer)}>`] }))
  const dialog = await made
  await peer.request('ACK')
  const ended = Promise.resolve(dialog.destroy())
  const bye = await peer.request('BYE')
  peer.send(reply(bye, 200))
  await ended
  expect(world.server.stats().dialogs).toBe(0)
  expect(world.faults).toEqual([])
})
