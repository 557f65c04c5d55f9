import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { header, type IncomingCall } from '../../src/demo/index.js'
import type { NumberStyle } from '../../src/demo/carrier/index.js'
import { parseNameAddr, parseUri } from '../../src/demo/sip/uri.js'
import { ann, endings, finish } from './support/cell-calls.js'
import { awayOf, cellOf, CellWorld, didOf, subscriber, subscriberUsers } from './support/cell.js'

let world: CellWorld

beforeAll(async () => {
  world = await CellWorld.open({
    users: subscriberUsers(4),
    subscribers: Object.assign({}, ...[0, 1, 2, 3].map((n) => subscriber(n))),
  })
})
afterAll(() => world.close())
afterEach(async () => {
  await world.server.quiet()
  expect(world.faults).toEqual([])
})

function digitsOfCaller({ invite }: IncomingCall): string {
  const { user = '' } = parseUri(parseNameAddr(header(invite, 'From') ?? '').uri) ?? {}
  return decodeURIComponent(user).replace(/\D/g, '')
}

describe('two calls to one cell phone', () => {
  test.each<[NumberStyle, string]>([
    ['international', '+12025550177'],
    ['no-plus', '(202) 555-0177'],
    ['double-zero', '202-555-0177'],
    ['national', '+1 202 555 0177'],
    ['tel', '12025550177'],
  ])(
    'are each joined to whoever took it, by numbers that the carrier writes as %s, and the phone as %s',
    async (numbers, shown) => {
      const shows = (number: string): string => (number === ann.number ? shown : number)
      const cell = await world.cell(0, { ways: ['channel'], callWaiting: true, shows })
      const callers = [ann, { number: '+12025550178', name: 'Bob' }]
      const secondaries = await world.secondaries(0)
      const calls = callers.map((from) => world.network.call(from, cellOf(0), { numbers }))
      const [desk] = secondaries
      if (desk === undefined) throw new Error('there is no desk')
      const taken = [await desk.rings(5_000), await desk.rings(5_000)]
      for (const one of taken) await one.answer()
      for (const [n, call] of calls.entries()) {
        const from = callers[n]?.number.slice(2) ?? ''
        const its = taken.find((one) => digitsOfCaller(one).includes(from))
        const leg = await call.forwarded
        await leg.answered()
        if (its === undefined) throw new Error(`nobody was shown ${from}`)
        // However the phone writes it, the secondary is shown a number that it can call.
        expect(header(its.invite, 'From')).toContain(`<sip:${callers[n]?.number ?? ''}@`)
        await finish(leg, its)
        expect(its.isOver).toBe(true)
      }
      await cell.app.close()
      await Promise.all(secondaries.map((one) => one.rests()))
    },
  )
})

describe('a forwarded call that nobody reported', () => {
  test('rings the secondary destinations, and the subscriber’s own devices', async () => {
    const phone = world.network.phone({ number: cellOf(1) })
    phone.dial(`**67*${didOf(1)}#`)
    const secondaries = await world.secondaries(1)
    const own = await world.server.registeredPhone('sub1')
    own.onInvite({})
    const call = world.network.call(ann, cellOf(1))
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
    const away = world.network.phone({ number: awayOf(2) })
    away.dial(`**67*${didOf(2)}#`)
    const phone = world.network.phone({ number: cellOf(2) })
    phone.dial(`**67*${didOf(2)}#`)
    const desk = await world.awake(2)
    const call = world.network.call(ann, cellOf(2))
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
    const { app } = await world.cell(3, { ways: ['channel'] })
    const path = `/v1/subscribers/${encodeURIComponent(cellOf(3))}/forwarding`
    const started = await app.api.exchange({ method: 'POST', path: `${path}/test`, body: {} })
    expect(started).toMatchObject({ status: 202 })
    await expect
      .poll(async () => (await app.api.exchange({ method: 'GET', path })).body, { timeout: 5_000 })
      .toMatchObject({ state: 'confirmed', test: null })
  })
})
