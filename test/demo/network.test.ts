import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Impairment, isRequest, isResponse } from '../../src/demo/index.js'
import { parseMessage } from '../../src/demo/sip/message.js'
import { losesItsAnswer, neverAcknowledges, onBadNetwork } from '../support/sip/nasty.js'
import { bob, openPair, type Pair } from './pair.js'

let pair: Pair
beforeEach(async () => {
  pair = await openPair()
})
afterEach(() => pair.close())

describe('lost messages over UDP', () => {
  it('an INVITE that is lost twice rings the phone once', async () => {
    const { caller, phone } = pair
    caller.peer.sending.dropFirst(2, isRequest('INVITE'))
    phone.onInvite({ answerAfterMs: 0 })
    const call = await caller.call(bob)
    await call.answered()
    expect(caller.peer.log.entries.filter((e) => e.fate === 'lost')).toHaveLength(2)
    expect(phone.calls).toHaveLength(1)
  })

  it('a lost 200 comes again until the ACK', async () => {
    const { caller, phone } = pair
    losesItsAnswer(phone, 3)
    phone.onInvite({ answerAfterMs: 0 })
    await (await caller.call(bob)).answered()
    await (
      await phone.nextCall()
    ).established
  })

  it('a lost ACK is sent again for the next copy of the 200', async () => {
    const { caller, phone } = pair
    caller.peer.sending.dropFirst(1, isRequest('ACK'))
    phone.onInvite({ answerAfterMs: 0 })
    await (await caller.call(bob)).answered()
    await (
      await phone.nextCall()
    ).established
    expect(phone.log.find(isResponse(200, 'INVITE'), 'sent').length).toBeGreaterThan(1)
  })

  it('a call that is never acknowledged is ended by the callee', async () => {
    await pair.close()
    pair = await openPair({ t1: 10 })
    const { caller, phone } = pair
    neverAcknowledges(caller)
    phone.onInvite({ answerAfterMs: 0 })
    const call = await caller.call(bob)
    expect(await (await phone.nextCall()).ended).toMatchObject({ how: 'no-ack' })
    expect(await call.ended).toMatchObject({ how: 'bye', by: 'them' })
  })

  it('calls come and go on a network that loses, doubles and reorders', async () => {
    const { caller, phone } = pair
    phone.onInvite({ answerAfterMs: 20 })
    for (const seed of [1, 2, 3, 4]) {
      onBadNetwork(phone, seed)
      const call = await caller.call(bob)
      await call.answered()
      const incoming = await phone.nextCall()
      await incoming.established
      await call.bye()
      await incoming.ended
    }
    expect(phone.log.entries.some((e) => e.fate === 'lost')).toBe(true)
    expect([...caller.peer.faults, ...phone.peer.faults]).toEqual([])
  })

  it('a phone on a new socket goes on with the call it had', async () => {
    const { caller, phone } = pair
    // Any response will do: the caller is no registrar.
    phone.onInvite({ answerAfterMs: 0 })
    const call = await caller.call(bob)
    const incoming = await phone.nextCall()
    await incoming.established
    const before = phone.peer.local.port
    expect((await phone.register({ newSocket: true })).status).toBe(405)
    expect(phone.peer.local.port).not.toBe(before)
    expect((await incoming.reinvite()).status).toBe(200)
    await call.bye()
    expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them' })
  })
})

describe('a closed player', () => {
  it('leaves no transaction, dialog or timer, and tells who waits', async () => {
    const { caller, phone } = pair
    caller.peer.sending.set({ delayMs: 20 })
    const call = await caller.call(bob)
    const incoming = await phone.nextCall()
    const { peer } = phone
    const waiting = [phone.expect(isRequest('BYE')), phone.nextCall(), phone.register()]
    await phone.close()
    const settled = await Promise.allSettled(waiting)
    expect(settled.map((one) => one.status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect(await incoming.ended).toMatchObject({ how: 'abandoned' })
    await caller.close()
    expect(await call.ended).toMatchObject({ how: 'abandoned' })
    for (const one of [peer]) expect(one.stats()).toMatchObject({ transactions: 0, dialogs: 0, delayed: 0 })
  })
})

describe('the impairment', () => {
  const message = parseMessage(Buffer.from('OPTIONS sip:a SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n'))
  const fates = (seed: number): number[][] => {
    const impairment = new Impairment({ loss: 0.3, duplicate: 0.2, reorder: 0.1, delayMs: 5, seed })
    return Array.from({ length: 500 }, () => [...impairment.copies(message)])
  }

  it('loses, doubles and delays the same messages for the same seed', () => {
    expect(fates(7)).toEqual(fates(7))
    expect(fates(7)).not.toEqual(fates(8))
    const lost = fates(7).filter((copies) => copies.length === 0).length
    expect(lost).toBeGreaterThan(100)
    expect(lost).toBeLessThan(200)
    expect(fates(7).some((copies) => copies.length === 2)).toBe(true)
    expect(fates(7).some((copies) => copies[0] === 35)).toBe(true)
  })
})
