import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type IncomingCall, type OutgoingCall, playForwardedCall } from '../../src/demo/index.js'
import { ann, endings, finish, first, ring, written } from './support/cell-calls.js'
import { cellOf, CellWorld, subscriber, subscriberUsers } from './support/cell.js'

const elsewhere = 'SIP;cause=200;text="Call completed elsewhere"'
/** Three notes, while the caller is awaited; and two tones that say that it does not come. */
const connecting = [523, 659, 784]
const congestion = [480, 620]

let world: CellWorld

beforeAll(async () => {
  world = await CellWorld.open(
    {
      users: subscriberUsers(13),
      subscribers: {
        ...Object.assign({}, ...[0, 1, 2, 3, 5, 6].map((n) => subscriber(n))),
        ...subscriber(4, { instruct: 'accepted' }),
        ...subscriber(7, { instruct: 'accepted' }),
        ...subscriber(8, { instruct: 'accepted' }),
        ...subscriber(9, { patience: '3s' }),
        ...subscriber(10, { instruct: 'accepted', ring: '3s' }),
        ...subscriber(11, { instruct: 'accepted' }),
        ...subscriber(12, { instruct: 'accepted', secondaries: [{ user: 'awake12' }] }),
      },
    },
    // A phone rings for a second where it is said to ring for twenty.
    { secondMs: 50 },
  )
})
afterAll(() => world.close())
afterEach(async () => {
  await world.server.quiet()
  expect(world.faults).toEqual([])
})

/** Both players say 1,000 Hz. */
async function hearsTheOther({ media }: OutgoingCall | IncomingCall): Promise<void> {
  const { hearing } = media.rtp.receiver
  if (hearing === undefined) throw new Error('this player does not listen')
  await hearing.hears([1000])
}

describe('a call that rings at a cell phone', () => {
  test.each([
    ['diversion', 'channel'],
    ['history-info', 'push'],
    ['neither', 'poll'],
  ] as const)(
    'and is forwarded with %s, after it was told to reject by %s, is joined',
    async (diverting, way) => {
      const n = ['channel', 'push', 'poll'].indexOf(way)
      const { app, phone } = await world.cell(n, { ways: [way] })
      const secondaries = await world.secondaries(n)
      for (const taker of [0, 1, 2]) {
        const report = await playForwardedCall(
          { network: world.network, app, subscriber: cellOf(n), secondaries },
          { from: ann, taker, styles: { diverting }, takes: taker === 1 ? 'when-forwarded' : 'at-once' },
        )
        expect(report).toMatchObject({ result: 'joined' })
        expect(report.shown).toMatch(/^"?Ann"? <sip:\+12025550177@/)
        expect(report.others.map(({ reason }) => reason)).toEqual([elsewhere, elsewhere])
      }
      expect(phone.ringing).toEqual([])
    },
  )

  test('is instructed in the order that was promised: all notified, then the phone, then the INVITE', async () => {
    const cell = await world.cell(3)
    const ringing = await ring(world, 3, cell)
    const taken = first(ringing)
    await taken.answer()
    await ringing.primary.instructed
    const leg = await ringing.call.forwarded
    await leg.answered()
    await finish(leg, taken)
    const { events, timeline } = await written(world, ringing.primary)
    const at = (type: string): number => events.find((event) => event.type === type)?.at ?? NaN
    const notified = events.filter(({ type }) => type === 'push-delivered' || type === 'dial-progressed')
    expect(at('reported')).toBeLessThan(Math.min(...notified.map((event) => event.at)))
    const inOrder = ['reported', 'instructed', 'forwarded', 'bridged'].map((stage) => timeline.stages[stage])
    expect(inOrder).toEqual([...inOrder].sort((a = NaN, b = NaN) => a - b))
    expect(inOrder).not.toContain(undefined)
  })

  test('and is answered there stops ringing elsewhere, as answered elsewhere', async () => {
    const cell = await world.cell(7)
    const { call, incoming, primary } = await ring(world, 7, cell)
    call.answer()
    expect((await endings(incoming)).map(({ reason }) => reason)).toEqual([elsewhere, elsewhere, elsewhere])
    expect((await written(world, primary)).call.ending).toMatchObject({ cause: 'answered-on-primary' })
    call.hangUp()
  })

  test('and is given up by its caller stops ringing elsewhere, as a call that was missed', async () => {
    const cell = await world.cell(8)
    const { call, incoming, primary } = await ring(world, 8, cell)
    call.hangUp()
    for (const { how, reason } of await endings(incoming)) {
      expect(how).toBe('cancelled')
      expect(reason).not.toBe(elsewhere)
    }
    expect((await written(world, primary)).call.ending).toMatchObject({ cause: 'cancelled' })
  })

  test('and is rejected there by hand is joined when it comes, and the phone is told nothing', async () => {
    const cell = await world.cell(11)
    const ringing = await ring(world, 11, cell)
    const { call, primary } = ringing
    call.reject()
    const leg = await call.forwarded
    await leg.provisional('with-sdp')
    const taken = first(ringing)
    await taken.answer()
    await leg.answered()
    expect(primary.heardBy).toEqual([])
    await finish(leg, taken)
    const { events } = await written(world, primary)
    expect(events.map(({ type }) => type)).not.toContain('instructed')
  })

  test('where the phone is told only once somebody took it: that one hears comfort until it is joined', async () => {
    const cell = await world.cell(8, { obeys: 'ignores' })
    const ringing = await ring(world, 8, cell)
    expect(ringing.primary.heardBy).toEqual([])
    const taken = first(ringing)
    await taken.answer({ media: { hears: [...connecting, 1000] } })
    await ringing.primary.instructed
    const heard = (): readonly number[] =>
      taken.media.rtp.receiver.hearing?.segments.flatMap(({ tones }) => tones) ?? []
    await expect.poll(heard, { timeout: 5_000 }).toEqual(expect.arrayContaining([...connecting]))
    // The phone takes its time to obey.
    ringing.call.reject()
    const leg = await ringing.call.forwarded
    await leg.answered()
    await Promise.all([leg, taken].map((one) => hearsTheOther(one)))
    await finish(leg, taken)
  })

  test('and never comes is told to whom that waits for it by a tone, and ended', async () => {
    const cell = await world.cell(9, { obeys: 'ignores' })
    const ringing = await ring(world, 9, cell)
    const taken = first(ringing)
    await taken.answer()
    await taken.established
    await taken.media.rtp.receiver.hearing?.hears(congestion)
    const { how, by } = await taken.ended
    expect({ how, by }).toEqual({ how: 'bye', by: 'them' })
    expect((await written(world, ringing.primary)).call.ending).toMatchObject({
      cause: 'not-forwarded',
      status: 480,
    })
    // It comes after all: an ordinary call.
    ringing.call.reject()
    const [desk] = ringing.secondaries
    const again = await desk?.rings(5_000)
    await again?.answer()
    const leg = await ringing.call.forwarded
    await leg.answered()
    leg.hangUp()
    await Promise.all([leg.ended, again?.ended])
  })

  test('and that the carrier takes from it, as nobody answers, is joined to who takes it', async () => {
    const { app } = await world.cell(12, { sets: ['busy', 'noReply'] })
    const desk = await world.awake(12)
    const call = world.network.call(ann, cellOf(12))
    const rung = await desk.rings(5_000)
    const leg = await call.forwarded
    await leg.provisional('with-sdp')
    // Where the app's word was there first, its call was over, and the INVITE is another one.
    const taken = rung.isOver ? await desk.rings(5_000) : rung
    expect((await (await app.nextCall()).reported).status).toBe(201)
    await taken.answer()
    await leg.answered()
    await finish(leg, taken)
  })

  test('and that nobody takes rings on at the cell phone, which is told nothing', async () => {
    const cell = await world.cell(10)
    const { primary, call, incoming } = await ring(world, 10, cell)
    await endings(incoming)
    expect((await written(world, primary)).call.ending).toMatchObject({ cause: 'no-answer' })
    expect(primary.heardBy).toEqual([])
    expect(cell.phone.ringing).toEqual([call])
    call.hangUp()
  })

  test('and cannot be rejected ends for those who were to have it', async () => {
    const cell = await world.cell(4, { obeys: 'cannot' })
    const { primary, call, incoming } = await ring(world, 4, cell)
    await incoming[0]?.answer()
    await endings(incoming)
    expect((await written(world, primary)).call.ending).toMatchObject({ cause: 'failed' })
    call.hangUp()
  })

  test('is no call of ours where the forwarding was never set', async () => {
    const { app } = await world.cell(5, { sets: [] })
    const call = world.network.call(ann, cellOf(5))
    const primary = await app.nextCall()
    expect(await primary.reported).toMatchObject({
      status: 409,
      body: { type: '/problems/forwarding-not-registered' },
    })
    call.hangUp()
  })

  test('from a caller without a number is joined, however little its carrier tells', async () => {
    const { app } = await world.cell(6, { ways: ['channel'] })
    const report = await playForwardedCall(
      { network: world.network, app, subscriber: cellOf(6), secondaries: await world.secondaries(6) },
      { from: { number: null }, styles: { diverting: 'neither' } },
    )
    expect(report).toMatchObject({ result: 'joined' })
    expect(report.shown).toContain('anonymous')
  })
})
