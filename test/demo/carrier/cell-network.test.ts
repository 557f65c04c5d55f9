import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { header, headerList } from '../../../src/demo/index.js'
import type { CellPhone, NumberStyle } from '../../../src/demo/carrier/index.js'
import { ann, did, from, openWorld, subscriber, type World } from './world.js'

let world: World
let phone: CellPhone
beforeEach(async () => {
  world = await openWorld({ secondMs: 10 })
  phone = world.network.phone({ number: subscriber })
  phone.dial(`**67*${did}#`)
})
afterEach(() => world.close())

describe('a call to a cell phone', () => {
  it('that is rejected goes to the number that was dialled for busy, and says who was called', async () => {
    const call = world.network.call(ann, subscriber)
    expect(phone.ringing).toEqual([call])
    expect(call.reject()).toBe(true)
    const incoming = await world.atDid.nextCall()
    expect(incoming.invite.uri).toBe(`sip:${did}@example.net`)
    expect(from(incoming)).toBe(`"Ann" <sip:${ann.number}@carrier.example;user=phone>`)
    expect(header(incoming.invite, 'Diversion')).toBe(
      `<sip:${subscriber}@carrier.example;user=phone>;reason=user-busy;counter=1;privacy=off`,
    )
    const leg = await call.forwarded
    await leg.answered()
    await leg.media.rtp.receiver.until('sound', ({ packets }) => packets > 0)
    incoming.hangUp()
    expect(await call.ended).toEqual({ how: 'forwarded', leg })
    expect(call.reject()).toBe(false)
  })

  it('can have its history told instead, or nothing', async () => {
    world.network.call(ann, subscriber, { diverting: 'history-info' }).reject()
    const first = await world.atDid.nextCall()
    expect(headerList(first.invite, 'History-Info')).toEqual([
      `<sip:${subscriber}@carrier.example;user=phone?Reason=SIP%3Bcause%3D486>;index=1`,
      `<sip:${did}@carrier.example;user=phone;cause=486>;index=1.1;mp=1`,
    ])
    expect(header(first.invite, 'Diversion')).toBeUndefined()
    world.network.call(ann, subscriber, { diverting: 'neither' }).reject()
    const second = await world.atDid.nextCall()
    expect(headerList(second.invite, 'History-Info')).toEqual([])
    expect(header(second.invite, 'Diversion')).toBeUndefined()
  })

  it.each<[NumberStyle, string]>([
    ['no-plus', '<sip:12025550177@carrier.example>'],
    ['double-zero', '<sip:0012025550177@carrier.example>'],
    ['national', '<sip:2025550177@carrier.example>'],
    ['tel', '<tel:+12025550177>'],
  ])('has its caller written as %s numbers', async (numbers, written) => {
    world.network.call({ number: ann.number }, subscriber, { numbers }).reject()
    expect(from(await world.atDid.nextCall())).toBe(written)
  })

  it('of an anonymous caller stays anonymous', async () => {
    world.network.call({ number: null }, subscriber).reject()
    const incoming = await world.atDid.nextCall()
    expect(from(incoming)).toBe('"Anonymous" <sip:anonymous@anonymous.invalid>')
    expect(header(incoming.invite, 'Privacy')).toBe('id')
  })

  it('that is answered by hand goes nowhere', async () => {
    phone.dial(`**61*${did}*11*5#`)
    const call = world.network.call(ann, subscriber)
    expect(call.answer()).toBe(true)
    call.hangUp()
    expect(await call.ended).toEqual({ how: 'hung-up', answered: true })
    await expect(call.forwarded).rejects.toThrow('was not forwarded')
    expect(world.network.calls).toEqual([])
  })

  it('whose caller gives up does not ring any more', async () => {
    const call = world.network.call(ann, subscriber)
    call.hangUp()
    expect(await call.ended).toEqual({ how: 'hung-up', answered: false })
    expect(phone.ringing).toEqual([])
  })

  it('whose caller gives up after it was forwarded is cancelled there', async () => {
    world.atDid.onInvite({})
    const call = world.network.call(ann, subscriber)
    call.reject()
    const incoming = await world.atDid.nextCall()
    call.hangUp()
    expect((await incoming.ended).how).toBe('cancelled')
    expect((await call.ended).how).toBe('forwarded')
  })

  it('fails where the phone forwards nothing, or not any more', async () => {
    expect(phone.dial('##67#')).toBe(true)
    const call = world.network.call(ann, subscriber)
    call.reject()
    expect(await call.ended).toEqual({ how: 'failed', because: 'busy' })
  })
})

describe('without a hand on the phone', () => {
  it('a call is forwarded when the time for no reply is over', async () => {
    expect(phone.dial(`**61*${did}*11*7#`)).toBe(false)
    expect(phone.dial(`**61*${did}*11*10#`)).toBe(true)
    world.network.call(ann, subscriber)
    const incoming = await world.atDid.nextCall()
    expect(header(incoming.invite, 'Diversion')).toContain('reason=no-answer')
    expect(phone.ringing).toEqual([])
  })

  it('a phone out of reach does not ring, and a busy one neither', async () => {
    phone.dial(`**62*${did}#`)
    phone.reachable = false
    world.network.call(ann, subscriber)
    const unreached = await world.atDid.nextCall()
    expect(header(unreached.invite, 'Diversion')).toContain('reason=unavailable')
    phone.reachable = true
    const first = world.network.call(ann, subscriber)
    world.network.call({ number: '+12025550178' }, subscriber)
    const second = await world.atDid.nextCall()
    expect(header(second.invite, 'From')).toContain('+12025550178')
    expect(phone.ringing).toEqual([first])
  })

  it('a phone with call waiting rings for two', () => {
    const other = world.network.phone({ number: '+12025550143', callWaiting: true })
    const calls = [world.network.call(ann, other.number), world.network.call(ann, other.number)]
    expect(other.ringing).toEqual(calls)
  })
})

describe('a call from the trunk', () => {
  it('to a subscriber rings the phone, and is told what becomes of it', async () => {
    world.atDid.onInvite({ decline: { status: 480 } })
    const placed = await world.atDid.call(`sip:${subscriber}@carrier.example`)
    await placed.provisional(180)
    phone.ringing[0]?.reject()
    const returned = await world.atDid.nextCall()
    expect(header(returned.invite, 'Diversion')).toContain(subscriber)
    expect(await placed.outcome).toMatchObject({ kind: 'failed', status: 480 })
  })

  it('that is cancelled stops the phone', async () => {
    const placed = await world.atDid.call(`sip:${subscriber}@carrier.example`)
    await placed.provisional(180)
    const [ringing] = phone.ringing
    placed.cancel()
    await placed.ended
    expect(await ringing?.ended).toEqual({ how: 'hung-up', answered: false })
  })

  it('to another number of the network is taken there', async () => {
    world.network.onInvite({ answerAfterMs: 0 })
    const placed = await world.atDid.call('sip:+12025550150@carrier.example')
    const incoming = await world.network.nextCall('+12025550150')
    await placed.answered()
    incoming.hangUp()
    expect((await placed.ended).by).toBe('them')
  })
})
