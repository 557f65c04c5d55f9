import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  header,
  isRequest,
  isResponse,
  type OutgoingCall,
  type Phone,
  type ReceivedPush,
} from '../../src/demo/index.js'
import { pushParams, TestServer, users } from '../support/server.js'

const names = ['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gil', 'hana', 'ida', 'jan', 'kim'] as const
const gaveUp = 'Q.850;cause=16;text="Changed my mind"'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start({ users: users(names, { grace: '2s' }) })
})
afterAll(() => server.close())
afterEach(async () => {
  server.push.answerWith({})
  // Both sides are done with each call, and so is the server.
  await server.quiet()
})

function uriOf(name: (typeof names)[number]): string {
  return `sip:${name}@example.net`
}

/** A phone that is asleep: its connection is closed, so that the server knows. */
function asleep(name: (typeof names)[number], token: string): Promise<Phone> {
  return server.sleepingPhone(token, name, { protocol: 'tcp' })
}

/** A phone that is registered and takes no call before its script says so. */
async function registered(name: (typeof names)[number], protocol: 'udp' | 'tcp' = 'udp'): Promise<Phone> {
  const phone = await server.phone(name, { protocol })
  await phone.register({ contactParams: pushParams(`token-${name}`) })
  phone.onInvite({ ringAfterMs: 'never' })
  return phone
}

async function giveUp(call: OutgoingCall): Promise<void> {
  call.cancel({ headers: { Reason: gaveUp } })
  expect(await call.ended).toMatchObject({ how: 'cancelled', by: 'us', status: 487 })
}

function kinds(pushes: readonly ReceivedPush[]): unknown[] {
  return pushes.map(({ payload }) => payload['kind'])
}

/** The news that a call is over, as the device got it by push. */
async function toldByPush(token: string): Promise<ReceivedPush> {
  for (;;) {
    const push = await server.push.nextPush(token)
    if (push.payload['kind'] === 'ended') return push
  }
}

/** The phone registers, and is not dialled for the call that is over: the first INVITE that it gets is of a new one. */
async function isNotDialledFor(callId: unknown, phone: Phone): Promise<void> {
  phone.onInvite({ decline: { status: 486 } })
  expect((await phone.wake()).status).toBe(200)
  const caller = await server.caller()
  const next = await caller.call(`sip:${phone.options.user}@example.net`)
  expect(await next.outcome).toMatchObject({ kind: 'failed', status: 486 })
  const invites = phone.log.find(isRequest('INVITE'))
  expect(invites).toHaveLength(1)
  expect(invites.map((invite) => header(invite, 'X-Call-Id'))).not.toContain(callId)
}

test('a caller that gives up before the push is due: nobody is pushed', async () => {
  const phone = await registered('ada')
  const caller = await server.caller()
  const call = await caller.call(uriOf('ada'))
  const incoming = await phone.nextCall()
  await giveUp(call)
  // It was silent until now; with its first word it learns that the call is over.
  await incoming.ring()
  expect(await incoming.ended).toMatchObject({ how: 'cancelled', by: 'them', reason: gaveUp })
  expect(server.push.pushesTo('token-ada')).toEqual([])
})

test('a caller that gives up while the push service does not answer: the push is not repeated, and a late phone is not dialled', async () => {
  const phone = await asleep('ben', 'token-ben')
  server.push.answerOnce({ instead: 'hang' })
  const caller = await server.caller()
  const call = await caller.call(uriOf('ben'))
  const { payload } = await server.push.nextPush('token-ben')
  await giveUp(call)
  expect((await toldByPush('token-ben')).payload).toMatchObject({ reason: gaveUp })
  await isNotDialledFor(payload['callId'], phone)
  expect(kinds(server.push.pushesTo('token-ben'))).toEqual(['call', 'ended'])
})

test('a caller that gives up between two attempts to push: there is no further one', async () => {
  const phone = await asleep('cleo', 'token-cleo')
  server.push.answerOnce({ status: 503, headers: { 'retry-after': '1' } })
  const caller = await server.caller()
  const call = await caller.call(uriOf('cleo'))
  const { payload } = await server.push.nextPush('token-cleo')
  await giveUp(call)
  await toldByPush('token-cleo')
  await isNotDialledFor(payload['callId'], phone)
  expect(kinds(server.push.pushesTo('token-cleo'))).toEqual(['call', 'ended'])
})

test('a caller that gives up while the service delivers the push: the woken phone is told the ending', async () => {
  const phone = await asleep('dan', 'token-dan')
  server.push.answerOnce({ delayMs: 100 })
  const delivered = (): Promise<ReceivedPush> => server.push.nextDelivery('token-dan')
  const caller = await server.caller()
  const call = await caller.call(uriOf('dan'))
  const { payload } = await server.push.nextPush('token-dan')
  await giveUp(call)
  const told = await toldByPush('token-dan')
  expect(told.payload).toMatchObject({ callId: payload['callId'], reason: gaveUp })
  // The push that was on its way comes to the phone all the same.
  expect(kinds([await delivered(), await delivered()]).sort()).toEqual(['call', 'ended'])
  await isNotDialledFor(payload['callId'], phone)
})

test('a caller that gives up after the push: a phone that registers then gets no INVITE', async () => {
  const phone = await asleep('eve', 'token-eve')
  const caller = await server.caller()
  const call = await caller.call(uriOf('eve'))
  const pushed = await server.push.nextDelivery('token-eve')
  await giveUp(call)
  const told = await toldByPush('token-eve')
  expect(told.payload).toMatchObject({ sipCallId: pushed.payload['sipCallId'], reason: gaveUp })
  await isNotDialledFor(pushed.payload['callId'], phone)
})

test('a caller that gives up after the phone registered and before it rings: the phone is cancelled with the reason', async () => {
  const phone = await asleep('finn', 'token-finn')
  phone.onInvite({ ringAfterMs: 'never' })
  const caller = await server.caller()
  const call = await caller.call(uriOf('finn'))
  await server.push.nextDelivery('token-finn')
  await phone.wake()
  const incoming = await phone.nextCall()
  await giveUp(call)
  await incoming.ring()
  expect(await incoming.ended).toMatchObject({ how: 'cancelled', reason: gaveUp })
  expect(phone.log.find(isRequest('INVITE'))).toHaveLength(1)
})

test('a caller that gives up while the phone rings: the phone is cancelled with the reason', async () => {
  const phone = await registered('gil')
  phone.onInvite({})
  const caller = await server.caller()
  const call = await caller.call(uriOf('gil'))
  const incoming = await phone.nextCall()
  await phone.expect(isResponse(180), { direction: 'sent' })
  await giveUp(call)
  expect(await incoming.ended).toMatchObject({ how: 'cancelled', by: 'them', reason: gaveUp })
  expect(server.push.pushesTo('token-gil')).toEqual([])
})

test('a caller that says no reason: the phone is told that the caller cancelled', async () => {
  const phone = await registered('hana')
  phone.onInvite({})
  const caller = await server.caller()
  const call = await caller.call(uriOf('hana'))
  const incoming = await phone.nextCall()
  await phone.expect(isResponse(180), { direction: 'sent' })
  call.cancel()
  await call.ended
  expect(await incoming.ended).toMatchObject({
    how: 'cancelled',
    reason: 'SIP;cause=487;text="Caller cancelled"',
  })
})

test('a phone whose 200 crosses the CANCEL: its 200 is acknowledged and hung up at once', async () => {
  const phone = await registered('ida')
  phone.onInvite({ whenCancelled: 'answer' })
  const caller = await server.caller()
  const call = await caller.call(uriOf('ida'))
  const incoming = await phone.nextCall()
  await phone.expect(isResponse(180), { direction: 'sent' })
  await giveUp(call)
  await incoming.established
  expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them' })
  const cancel = await phone.expect(isRequest('CANCEL'))
  expect(header(cancel, 'Reason')).toBe(gaveUp)
})

test('a caller whose CANCEL crosses our 200: both sides are hung up', async () => {
  const phone = await registered('jan')
  phone.onInvite({ answerAfterMs: 0 })
  const caller = await server.caller()
  const lost = new Promise<void>((resolve) => {
    caller.peer.receiving.dropFirst(1, (message) => {
      const answer = isResponse(200, 'INVITE')(message)
      if (answer) resolve()
      return answer
    })
  })
  const call = await caller.call(uriOf('jan'))
  const incoming = await phone.nextCall()
  await lost
  call.cancel()
  expect((await call.ended).how).toBe('bye')
  expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them' })
  expect(caller.peer.faults).toEqual([])
})

test.each([0, 2, 4, 6, 8, 10, 15, 20])(
  'a caller that gives up %i ms after the phone began to ring, while it answers: nobody is left in a call',
  async (afterMs) => {
    const phone = await server.phone('kim')
    await phone.register()
    phone.onInvite({ answerAfterMs: 10 })
    const caller = await server.caller()
    const call = await caller.call(uriOf('kim'))
    const incoming = await phone.nextCall()
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    call.hangUp({ Reason: gaveUp })
    expect(['cancelled', 'bye']).toContain((await call.ended).how)
    expect(['cancelled', 'bye']).toContain((await incoming.ended).how)
    const byes = phone.log.find((m) => isRequest('BYE')(m) || isRequest('CANCEL')(m))
    expect(byes.map((m) => header(m, 'Reason'))).not.toContain(undefined)
    await phone.unregister()
  },
)
