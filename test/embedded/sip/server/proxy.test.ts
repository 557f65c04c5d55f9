import { describe, expect, test } from 'vitest'
import { bestResponse } from '../../../../src/embedded/sip/core/best-response.js'
import { Headers } from '../../../../src/embedded/sip/message/headers.js'
import { response } from '../../../../src/embedded/sip/message/message.js'
import type { TestApp } from '../support/app.js'
import { Caller } from '../support/caller.js'
import type { Peer } from '../support/peer.js'
import { Queue } from '../support/queue.js'
import { reply, SDP } from '../support/text.js'
import { until, World } from '../support/world.js'

interface Outcome {
  finalStatus: number
  connected: boolean
  statuses: number[]
}

/** An app that proxies every INVITE to those peers. */
function proxyTo(world: World, app: TestApp, targets: Peer[], opts: object = {}): Queue<Outcome | Error> {
  const outcomes = new Queue<Outcome | Error>()
  app.srf.use('invite', (req) => {
    const uris = targets.map((peer) => world.uri(peer))
    app.srf.proxyRequest(req, uris, opts).then(
      ({ finalStatus, connected, responses }) =>
        outcomes.push({
          finalStatus,
          connected,
          statuses: responses.flatMap(({ msgs }) => msgs.map(({ status }) => status)),
        }),
      (error: unknown) => outcomes.push(error instanceof Error ? error : new Error(String(error))),
    )
  })
  return outcomes
}

test('a proxied call passes through: responses back, and later requests by Record-Route', async () => {
  const world = await World.start()
  const app = await world.app()
  const callee = await world.udp()
  const outcomes = proxyTo(world, app, [callee], { remainInDialog: true })
  const caller = new Caller(await world.udp())
  caller.invite({ uri: `sip:bob@127.0.0.1:${world.address.port}` })
  const invite = await callee.request('INVITE')
  const own = invite.get('record-route')
  expect(own).toMatch(new RegExp(`^<sip:127.0.0.1:${world.address.port};lr;k=[0-9a-f]{32}>$`))
  expect(invite.all('via')).toHaveLength(2)
  expect(invite.get('max-forwards')).toBe('69')
  // The Request-URI named the proxy itself, so the target takes its place.
  expect(invite.uri).toBe(world.uri(callee))
  callee.send(reply(invite, 180, { tag: 'b' }))
  expect((await caller.peer.status(180)).all('via')).toHaveLength(1)
  callee.send(reply(invite, 200, { tag: 'b', body: SDP, headers: [`Contact: <${world.uri(callee)}>`] }))
  const answer = caller.learn(await caller.peer.status(200))
  expect(answer.get('record-route')).toBe(own)
  expect(await outcomes.next()).toEqual({ finalStatus: 200, connected: true, statuses: [200] })
  const route = [`Route: ${own}`]
  caller.ack({ headers: route })
  const ack = await callee.request('ACK')
  expect(ack.all('route')).toEqual([])
  expect(ack.uri).toBe(world.uri(callee))
  caller.next('BYE', { headers: route })
  const bye = await callee.request('BYE')
  callee.send(reply(bye, 200))
  expect((await caller.peer.status(200, 'BYE')).all('via')).toHaveLength(1)
  expect(world.server.stats()).toMatchObject({ dialogs: 0, pending: { proxied: 0 } })
  expect(world.faults).toEqual([])
})

test('targets in turn: the next one is tried when one fails, and the best failure goes back', async () => {
  const world = await World.start()
  const app = await world.app()
  const [one, two] = [await world.udp(), await world.udp()]
  const outcomes = proxyTo(world, app, [one, two], { forking: 'sequential' })
  const caller = new Caller(await world.udp())
  caller.invite()
  one.send(reply(await one.request('INVITE'), 503, { tag: 'x' }))
  expect((await one.request('ACK')).toTag).toBe('x')
  const second = await two.request('INVITE')
  two.send(reply(second, 486, { tag: 'y' }))
  expect((await caller.peer.final('INVITE')).status).toBe(486)
  expect(await outcomes.next()).toMatchObject({ connected: false, statuses: [503, 486] })
  expect(world.server.stats().pending.proxied).toBe(0)
})

test('targets at once: the first answer wins and the others are cancelled', async () => {
  const world = await World.start()
  const app = await world.app()
  const [one, two] = [await world.udp(), await world.tcp()]
  const outcomes = proxyTo(world, app, [one, two], { forking: 'simultaneous' })
  const caller = new Caller(await world.udp())
  caller.invite()
  const first = await one.request('INVITE')
  const second = await two.request('INVITE')
  one.send(reply(first, 180, { tag: 'x' }))
  await caller.peer.status(180)
  two.send(reply(second, 200, { tag: 'y', body: SDP, headers: [`Contact: <${world.uri(two)}>`] }))
  const answer = await caller.peer.final('INVITE')
  expect(answer.toTag).toBe('y')
  const cancel = await one.request('CANCEL')
  expect(cancel.branch).toBe(first.branch)
  one.send(reply(cancel, 200))
  one.send(reply(first, 487, { tag: 'x' }))
  await one.request('ACK')
  expect(await outcomes.next()).toMatchObject({ connected: true })
  // A repeated 200 goes back as well: the ACK may have been lost.
  two.send(reply(second, 200, { tag: 'y', body: SDP, headers: [`Contact: <${world.uri(two)}>`] }))
  await caller.peer.again(answer)
})

test('a caller that cancels cancels the targets, and gets their 487', async () => {
  const world = await World.start()
  const app = await world.app()
  const callee = await world.udp()
  const outcomes = proxyTo(world, app, [callee])
  const caller = new Caller(await world.udp())
  caller.invite()
  const invite = await callee.request('INVITE')
  callee.send(reply(invite, 180, { tag: 'x' }))
  await caller.peer.status(180)
  caller.onInviteBranch('CANCEL', caller.lastBranch)
  await caller.peer.status(200, 'CANCEL')
  const cancel = await callee.request('CANCEL')
  callee.send(reply(cancel, 200))
  callee.send(reply(invite, 487, { tag: 'x' }))
  await caller.peer.status(487, 'INVITE')
  expect(await outcomes.next()).toMatchObject({ finalStatus: 487, connected: false })
})

test('a target that stays silent is given up for the next one', async () => {
  const world = await World.start()
  const app = await world.app()
  const [one, two] = [await world.udp(), await world.udp()]
  proxyTo(world, app, [one, two], { provisionalTimeout: '50ms' })
  const caller = new Caller(await world.udp())
  caller.invite()
  await one.request('INVITE')
  two.send(reply(await two.request('INVITE'), 200, { tag: 'y', headers: [`Contact: <${world.uri(two)}>`] }))
  expect((await caller.peer.final('INVITE')).toTag).toBe('y')
})

test('a redirection is followed where the app wants that', async () => {
  const world = await World.start()
  const app = await world.app()
  const [one, two] = [await world.udp(), await world.udp()]
  proxyTo(world, app, [one], { followRedirects: true })
  const caller = new Caller(await world.udp())
  caller.invite()
  one.send(reply(await one.request('INVITE'), 302, { tag: 'x', headers: [`Contact: <${world.uri(two)}>`] }))
  two.send(reply(await two.request('INVITE'), 404, { tag: 'y' }))
  await caller.peer.status(404, 'INVITE')
})

test('nobody has messages of other calls sent on from here', async () => {
  const world = await World.start()
  const victim = await world.udp()
  const caller = new Caller(await world.udp())
  caller.toTag = 'x'
  for (const route of [
    `<sip:127.0.0.1:${world.address.port};lr>`,
    `<sip:127.0.0.1:${world.address.port};lr;k=00>`,
  ]) {
    caller.next('INFO', { uri: world.uri(victim), headers: [`Route: ${route}`] })
    await caller.peer.status(503, 'INFO')
  }
  expect(victim.all).toHaveLength(0)
})

describe('what cannot be proxied', () => {
  test('a request without hops left gets 483', async () => {
    const world = await World.start()
    const app = await world.app()
    const callee = await world.udp()
    const outcomes = proxyTo(world, app, [callee])
    const caller = new Caller(await world.udp())
    caller.peer.send(caller.write('INVITE').replace('Max-Forwards: 70', 'Max-Forwards: 0'))
    await caller.peer.status(483)
    expect(await outcomes.next()).toBeInstanceOf(Error)
  })

  test('a target that no transport reaches gives 500', async () => {
    const world = await World.start()
    const app = await world.app()
    app.srf.use('invite', (req) => {
      app.srf.proxyRequest(req, 'sip:x;transport=sctp', {}).catch(() => undefined)
    })
    const caller = new Caller(await world.udp())
    caller.invite()
    await caller.peer.status(500)
    await until(() => world.server.stats().pending.proxied === 0, 'the end')
  })

  test('a target that nobody listens on gives 408, or what its transport says', async () => {
    const world = await World.start()
    const app = await world.app()
    const outcomes = new Queue<number>()
    app.srf.use('invite', (req) => {
      void app.srf
        .proxyRequest(req, 'sip:127.0.0.1:1;transport=tcp', {})
        .then(({ finalStatus }) => outcomes.push(finalStatus))
    })
    const caller = new Caller(await world.udp())
    caller.invite()
    await caller.peer.status(503)
    expect(await outcomes.next()).toBe(503)
  })
})

test('the best failure: a refusal for all, then what tells how to try again, then 4xx, 3xx, 5xx', () => {
  const best = (...statuses: number[]) =>
    bestResponse(statuses.map((status) => ({ response: response(status, '', new Headers()) })))?.response
      .status
  expect(best(503, 404, 603)).toBe(603)
  expect(best(503, 404, 407)).toBe(407)
  expect(best(503, 302, 404)).toBe(404)
  expect(best(500, 302)).toBe(302)
  expect(best(480, 486)).toBe(480)
  expect(best()).toBeUndefined()
})
