import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isRequest, isResponse } from '../../src/demo/index.js'
import { answersTheCancel, hearsLate, ignoresCancel, silent } from '../support/sip/nasty.js'
import { bob, openPair, type Pair } from './pair.js'

describe.each(['udp', 'tcp'] as const)('a caller that gives up over %s', (protocol) => {
  let pair: Pair
  beforeEach(async () => {
    pair = await openPair({ protocol })
  })
  afterEach(() => pair.close())

  it('stops the ringing, and its reason arrives', async () => {
    const { caller, phone } = pair
    const call = await caller.call(bob)
    await call.provisional(180)
    call.cancel({ headers: { Reason: 'SIP;cause=200;text="Call completed elsewhere"' } })
    expect(await call.outcome).toEqual({ kind: 'cancelled', crossed: false })
    const incoming = await phone.nextCall()
    expect(await incoming.ended).toMatchObject({
      how: 'cancelled',
      by: 'them',
      reason: 'SIP;cause=200;text="Call completed elsewhere"',
    })
    await phone.expect(isRequest('ACK'))
    expect(await incoming.answer()).toBe(false)
  })

  it('holds its CANCEL back until something provisional came', async () => {
    const { caller, phone } = pair
    phone.onInvite({ ringAfterMs: 60 })
    const call = await caller.call(bob)
    call.cancel()
    await call.outcome
    const passed = caller.peer.log.entries.map((e) => e.message)
    expect(passed.findIndex(isResponse(180))).toBeLessThan(passed.findIndex(isRequest('CANCEL')))
  })

  it('ends a call whose 200 crossed the CANCEL by BYE', async () => {
    const { caller, phone } = pair
    phone.onInvite({ answerAfterMs: 60 })
    const call = await caller.call(bob)
    await call.provisional(180)
    hearsLate(caller, 60)
    await phone.log.expect(isResponse(200, 'INVITE'), { direction: 'sent' })
    call.cancel()
    expect(await call.outcome).toEqual({ kind: 'cancelled', crossed: true })
    expect(await (await phone.nextCall()).ended).toMatchObject({ how: 'bye', by: 'them' })
    // The CANCEL came too late for the phone.
    await caller.peer.expect(isResponse(200, 'CANCEL'))
  })

  it('meets a phone that answers the CANCEL with a 200 to the INVITE', async () => {
    const { caller, phone } = pair
    phone.onInvite(answersTheCancel)
    const call = await caller.call(bob)
    await call.provisional(180)
    call.cancel()
    expect(await call.outcome).toEqual({ kind: 'cancelled', crossed: true })
    expect(await (await phone.nextCall()).ended).toMatchObject({ how: 'bye', by: 'them' })
  })
})

describe.each(['udp', 'tcp'] as const)('a caller whose phone is broken over %s', (protocol) => {
  let pair: Pair
  beforeEach(async () => {
    pair = await openPair({ protocol, t1: 10 })
  })
  afterEach(() => pair.close())

  it('is done after 64·T1 with a phone that takes no notice', async () => {
    const { caller, phone } = pair
    phone.onInvite(ignoresCancel)
    const call = await caller.call(bob)
    await call.provisional(180)
    call.cancel()
    expect(await call.ended).toMatchObject({ how: 'cancelled', by: 'us' })
  })

  it('is told 408 by its own timer where nobody answers at all', async () => {
    pair.phone.onInvite(silent)
    expect(await (await pair.caller.call(bob)).outcome).toMatchObject({ kind: 'failed', status: 408 })
  })
})
