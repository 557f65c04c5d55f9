import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type CallEnding,
  header,
  type IncomingCall,
  type OutgoingCall,
  playForwardedCall,
} from '../../src/demo/index.js'
import type { CellCall, PrimaryCall, Secondary } from '../../src/demo/carrier/index.js'
import { awayOf, type Cell, cellOf, CellWorld, didOf, subscriber, subscriberUsers } from './support/cell.js'

const elsewhere = 'SIP;cause=200;text="Call completed elsewhere"'
/** Three notes, while the caller is awaited; and two tones that say that it does not come. */
const connecting = [523, 659, 784]
const congestion = [480, 620]
const ann = { number: '+12025550177', name: 'Ann' }

let world: CellWorld

beforeAll(async () => {
  world = await CellWorld.open(
    {
      users: subscriberUsers(20),
      subscribers: {
        ...Object.assign({}, ...[0, 1, 2, 3, 5, 6].map((n) => subscriber(n))),
        ...subscriber(4, { instruct: 'accepted' }),
        ...subscriber(7, { instruct: 'accepted' }),
        ...subscriber(8, { instruct: 'accepted' }),
        ...subscriber(9, { patience: '1s' }),
        ...subscriber(10, { instruct: 'accepted', ring: '1s' }),
        ...subscriber(11, { instruct: 'accepted' }),
        ...subscriber(12, { secondaries: [{ user: 'asleep12' }] }),
        ...Object.assign({}, ...[13, 14, 15, 16].map((n) => subscriber(n))),
      },
    },
    { secondMs: 20 },
  )
})
afterAll(() => world.close())
afterEach(async () => {
  await world.server.quiet()
  expect(world.faults).toEqual([])
})

interface Ringing {
  readonly cell: Cell
  readonly call: CellCall
  readonly primary: PrimaryCall
  readonly secondaries: readonly Secondary[]
  readonly incoming: readonly IncomingCall[]
}

/** A call to subscriber n, as far as its three secondaries ring. */
async function ring(n: number, cell: Cell, from = ann): Promise<Ringing> {
  const secondaries = await world.secondaries(n)
  const call = world.network.call(from, cellOf(n))
  const primary = await cell.app.nextCall()
  await primary.id()
  const incoming = await Promise.all(secondaries.map((one) => one.rings(5_000)))
  return { cell, call, primary, secondaries, incoming }
}

function first({ incoming: [one] }: Ringing): IncomingCall {
  if (one === undefined) throw new Error('nobody rings')
  return one
}

async function endings(incoming: readonly IncomingCall[]): Promise<readonly CallEnding[]> {
  return Promise.all(incoming.map((one) => one.ended))
}

async function finish(leg: OutgoingCall, taken: IncomingCall): Promise<void> {
  leg.hangUp()
  await Promise.all([leg.ended, taken.ended])
}

/** Both players say 1,000 Hz. */
async function hearsTheOther({ media }: OutgoingCall | IncomingCall): Promise<void> {
  const { hearing } = media.rtp.receiver
  if (hearing === undefined) throw new Error('this player does not listen')
  await hearing.hears([1000])
}

interface Detail {
  readonly call: { readonly ending: { readonly cause: string; readonly status: number } | null }
  readonly timeline: { readonly stages: Readonly<Record<string, number>> }
  readonly events: readonly { readonly type: string; readonly at: number }[]
}

/** What the server has written of the call, once it has written how it ended. */
async function written(primary: PrimaryCall): Promise<Detail> {
  const id = await primary.id()
  let detail: Detail | undefined
  await expect
    .poll(
      async () => {
        const response = await fetch(`${world.server.url}/v1/admin/calls/${id}`)
        detail = response.ok ? ((await response.json()) as Detail) : undefined
        return detail?.call.ending ?? null
      },
      { timeout: 5_000 },
    )
    .not.toBeNull()
  if (detail === undefined) throw new Error('the call is not written')
  return detail
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
          { from: ann, taker, diverting, takes: taker === 1 ? 'when-forwarded' : 'at-once' },
        )
        expect(report).toMatchObject({ result: 'joined' })
        expect(report.shown).toContain(ann.number)
        expect(report.others.map(({ reason }) => reason)).toEqual([elsewhere, elsewhere])
      }
      expect(phone.ringing).toEqual([])
    },
  )

  test('is instructed in the order that was promised: all notified, then the phone, then the INVITE', async () => {
    const cell = await world.cell(3)
    const ringing = await ring(3, cell)
    const taken = first(ringing)
    await taken.answer()
    await ringing.primary.instructed
    const leg = await ringing.call.forwarded
    await leg.answered()
    await finish(leg, taken)
    const { events, timeline } = await written(ringing.primary)
    const at = (type: string): number => events.find((event) => event.type === type)?.at ?? NaN
    const notified = events.filter(({ type }) => type === 'push-delivered' || type === 'dial-progressed')
    expect(at('reported')).toBeLessThan(Math.min(...notified.map((event) => event.at)))
    const inOrder = ['reported', 'instructed', 'forwarded', 'bridged'].map((stage) => timeline.stages[stage])
    expect(inOrder).toEqual([...inOrder].sort((a = NaN, b = NaN) => a - b))
    expect(inOrder).not.toContain(undefined)
  })

  test('and is answered there stops ringing elsewhere, as answered elsewhere', async () => {
    const cell = await world.cell(7)
    const { call, incoming, primary } = await ring(7, cell)
    call.answer()
    expect((await endings(incoming)).map(({ reason }) => reason)).toEqual([elsewhere, elsewhere, elsewhere])
    expect((await written(primary)).call.ending).toMatchObject({ cause: 'answered-on-primary' })
    call.hangUp()
  })

  test('and is given up by its caller stops ringing elsewhere, as a call that was missed', async () => {
    const cell = await world.cell(8)
    const { call, incoming, primary } = await ring(8, cell)
    call.hangUp()
    for (const { how, reason } of await endings(incoming)) {
      expect(how).toBe('cancelled')
      expect(reason).not.toBe(elsewhere)
    }
    expect((await written(primary)).call.ending).toMatchObject({ cause: 'cancelled' })
  })

  test('and is rejected there by hand is joined when it comes, and the phone is told nothing', async () => {
    const cell = await world.cell(11)
    const ringing = await ring(11, cell)
    const { call, primary } = ringing
    call.reject()
    const leg = await call.forwarded
    await leg.provisional('with-sdp')
    const taken = first(ringing)
    await taken.answer()
    await leg.answered()
    expect(primary.heardBy).toEqual([])
    await finish(leg, taken)
    const { events } = await written(primary)
    expect(events.map(({ type }) => type)).not.toContain('instructed')
  })

  test('where the phone is told only once somebody took it: that one hears comfort until it is joined', async () => {
    const cell = await world.cell(8, { obeys: 'ignores' })
    const ringing = await ring(8, cell)
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
    const ringing = await ring(9, cell)
    const taken = first(ringing)
    await taken.answer()
    await taken.established
    await taken.media.rtp.receiver.hearing?.hears(congestion)
    const { how, by } = await taken.ended
    expect({ how, by }).toEqual({ how: 'bye', by: 'them' })
    expect((await written(ringing.primary)).call.ending).toMatchObject({
      cause: 'not-forwarded',
      status: 480,
    })
    ringing.call.hangUp()
  })

  test('and that nobody takes rings on at the cell phone, which is told nothing', async () => {
    const cell = await world.cell(10)
    const { primary, call, incoming } = await ring(10, cell)
    await endings(incoming)
    expect((await written(primary)).call.ending).toMatchObject({ cause: 'no-answer' })
    expect(primary.heardBy).toEqual([])
    expect(cell.phone.ringing).toEqual([call])
    call.hangUp()
  })

  test('and cannot be rejected ends for those who were to have it', async () => {
    const cell = await world.cell(4, { obeys: 'cannot' })
    const { primary, call, incoming } = await ring(4, cell)
    await incoming[0]?.answer()
    await endings(incoming)
    expect((await written(primary)).call.ending).toMatchObject({ cause: 'failed' })
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
      { from: { number: null }, diverting: 'neither' },
    )
    expect(report).toMatchObject({ result: 'joined' })
    expect(report.shown).toContain('anonymous')
  })
})

describe('two calls to one cell phone', () => {
  test('are each joined to whoever took it, by their callers’ numbers', async () => {
    const cell = await world.cell(13, { ways: ['channel'], callWaiting: true })
    const callers = [ann, { number: '+12025550178', name: 'Bob' }]
    const secondaries = await world.secondaries(13)
    const calls = callers.map((from) => world.network.call(from, cellOf(13)))
    const [desk] = secondaries
    if (desk === undefined) throw new Error('there is no desk')
    const taken = [await desk.rings(5_000), await desk.rings(5_000)]
    for (const one of taken) await one.answer()
    for (const [n, call] of calls.entries()) {
      const from = callers[n]?.number ?? ''
      const its = taken.find(({ invite }) => header(invite, 'From')?.includes(from) === true)
      const leg = await call.forwarded
      await leg.answered()
      if (its === undefined) throw new Error(`nobody was shown ${from}`)
      await finish(leg, its)
      expect(its.isOver).toBe(true)
    }
    await cell.app.close()
    await Promise.all(secondaries.map((one) => one.rests()))
  })
})

describe('a forwarded call that nobody reported', () => {
  test('rings the secondary destinations, and the subscriber’s own devices', async () => {
    const phone = world.network.phone({ number: cellOf(14) })
    phone.dial(`**67*${didOf(14)}#`)
    const secondaries = await world.secondaries(14)
    const own = await world.server.registeredPhone('sub14')
    own.onInvite({})
    const call = world.network.call(ann, cellOf(14))
    call.reject()
    const leg = await call.forwarded
    const rung = await Promise.all([own.nextCall(), ...secondaries.map((one) => one.rings(5_000))])
    const [taken] = rung
    if (taken === undefined) throw new Error('nobody rings')
    await taken.answer()
    await leg.answered()
    await finish(leg, taken)
    await endings(rung)
    await own.unregister()
    await Promise.all(secondaries.map((one) => one.rests()))
  })

  test('by a secondary that is forwarded to the DID itself ends, and goes round no more', async () => {
    const away = world.network.phone({ number: awayOf(15) })
    away.dial(`**67*${didOf(15)}#`)
    const phone = world.network.phone({ number: cellOf(15) })
    phone.dial(`**67*${didOf(15)}#`)
    const desk = await world.awake(15)
    const call = world.network.call(ann, cellOf(15))
    call.reject()
    const taken = await desk.rings(5_000)
    await expect.poll(() => away.ringing).toHaveLength(1)
    const [round] = away.ringing
    round?.reject()
    const looped = await round?.forwarded
    expect(await looped?.outcome).toMatchObject({ kind: 'failed', status: 482 })
    await taken.answer()
    const leg = await call.forwarded
    await leg.answered()
    await finish(leg, taken)
  })
})

describe('the forwarding of a cell phone', () => {
  test('is confirmed by a test call that comes back, and its caller is told nothing', async () => {
    const { app } = await world.cell(16, { ways: ['channel'] })
    const path = `/v1/subscribers/${encodeURIComponent(cellOf(16))}/forwarding`
    const started = await app.api.exchange({ method: 'POST', path: `${path}/test`, body: {} })
    expect(started).toMatchObject({ status: 202 })
    await expect
      .poll(async () => (await app.api.exchange({ method: 'GET', path })).body, { timeout: 5_000 })
      .toMatchObject({ state: 'confirmed', test: null })
  })
})
