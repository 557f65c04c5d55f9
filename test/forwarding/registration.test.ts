import { describe, expect, test, vi } from 'vitest'
import { comes, FORWARDING, REPORT, ring, startForwarding, type ForwardingSite } from './support/api.js'
import { CALLER, CELL, DID } from './support/site.js'

async function stateOf(site: ForwardingSite): Promise<unknown> {
  return (await site.ask('GET', FORWARDING)).json()
}

describe('the forwarding of a subscriber', () => {
  test('is unknown, and the codes for it are told, until the app has dialled them', async () => {
    const site = await startForwarding({ registered: false })
    expect(await stateOf(site)).toMatchObject({
      ...{ subscriber: CELL, did: DID, state: 'unknown', since: null, test: null, testable: true },
      codes: { busy: { set: `**67*${DID}#`, query: '*#67#' }, noReply: { set: `**61*${DID}*11*20#` } },
    })
    const since = new Date(site.clock.now() / 1000).toISOString()
    const put = await site.ask('PUT', FORWARDING, { result: 'accepted' })
    expect(put.json()).toMatchObject({ state: 'reported', since })
    expect(await stateOf(site)).toMatchObject({ state: 'reported', since })
  })

  test('fails where the network refuses, and is unknown again when it is erased', async () => {
    const site = await startForwarding()
    await site.ask('PUT', FORWARDING, { result: 'refused', detail: 'MMI error' })
    expect(await stateOf(site)).toMatchObject({ state: 'failed', detail: 'MMI error' })
    await site.ask('PUT', FORWARDING, { result: 'erased' })
    expect(await stateOf(site)).toMatchObject({ state: 'unknown' })
  })

  test('is unknown where it was set to another DID', async () => {
    const site = await startForwarding({ registered: false })
    const old = { subscriber: CELL, did: '+12025550100', state: 'confirmed', since: 1, detail: null } as const
    await site.store.putForwarding(old)
    expect(await stateOf(site)).toMatchObject({ state: 'unknown', since: null })
  })

  test('is shown to nobody else, nor for a number that is no subscriber’s', async () => {
    const site = await startForwarding()
    expect((await site.ask('GET', FORWARDING, undefined, 'ben')).json()).toMatchObject({
      type: '/problems/token-foreign',
    })
    const other = FORWARDING.replace('42', '43')
    expect((await site.ask('GET', other)).json()).toMatchObject({ type: '/problems/subscriber-not-found' })
  })
})

describe('a test call', () => {
  async function begin(): Promise<ForwardingSite & { readonly id: string }> {
    const site = await startForwarding({ registered: false })
    const answer = await site.ask('POST', `${FORWARDING}/test`)
    expect(answer.status).toBe(202)
    const { test: id } = answer.json() as { readonly test: string }
    return Object.assign(site, { id })
  }

  test('tells the phone to reject when it rings, and confirms when it comes to the DID', async () => {
    const site = await begin()
    const [trial] = site.trials
    trial?.progressed({ status: 100, sdp: '' })
    expect(site.channel).toEqual([])
    trial?.progressed({ status: 180, sdp: '' })
    trial?.progressed({ status: 183, sdp: '' })
    expect(site.channel).toMatchObject([{ primaryCall: site.id, test: true, caller: DID }])
    expect(comes(site, DID)).toEqual({ kind: 'test' })
    await vi.waitFor(async () =>
      expect(await stateOf(site)).toMatchObject({ state: 'confirmed', test: null }),
    )
    expect(trial?.cancelled).toContain('cause=200')
    expect(comes(site, DID)).toMatchObject({ kind: 'target' })
    expect((await site.ask('POST', '/v1/primary-calls', REPORT)).status).toBe(201)
  })

  test('is known to the app that reports it as a primary call', async () => {
    const site = await begin()
    expect(await ring(site, { caller: DID })).toBe(site.id)
    expect(site.channel).toMatchObject([{ primaryCall: site.id, test: true }])
    expect(site.calls.reports).toEqual([])
  })

  test('fails where it does not come within 45 seconds', async () => {
    const site = await begin()
    site.clock.advance(45_000)
    await vi.waitFor(async () => expect(await stateOf(site)).toMatchObject({ state: 'failed', test: null }))
    expect(site.trials[0]?.cancelled).toContain('cause=480')
  })

  test('fails where the carrier refuses it, without waiting', async () => {
    const site = await begin()
    site.trials[0]?.refuse(486)
    await vi.waitFor(async () =>
      expect(await stateOf(site)).toMatchObject({
        state: 'failed',
        detail: 'the carrier refused the test call: 486 of the carrier',
      }),
    )
  })

  test('fails where somebody answers it, and is hung up', async () => {
    const site = await begin()
    site.trials[0]?.answer()
    await vi.waitFor(async () => expect(await stateOf(site)).toMatchObject({ state: 'failed' }))
    expect(site.trials[0]?.hungUp).toBe(true)
  })

  test.each(['answered', 'failed'])('fails where the phone says %s', async (event) => {
    const site = await begin()
    await site.ask('POST', `/v1/primary-calls/${site.id}/events`, { event })
    await vi.waitFor(async () => expect(await stateOf(site)).toMatchObject({ state: 'failed' }))
    expect(site.calls.words).toEqual([])
  })

  test('is one at a time, and none where no trunk is configured for it', async () => {
    const site = await begin()
    const again = (await site.ask('POST', `${FORWARDING}/test`, {})).json()
    expect(again).toMatchObject({ test: site.id })
    expect(site.trials).toHaveLength(1)
    const without = await startForwarding({ tested: false })
    expect((await without.ask('POST', `${FORWARDING}/test`)).json()).toMatchObject({
      ...{ type: '/problems/forwarding-not-testable', status: 409 },
    })
  })

  test('leaves other calls alone, and nothing behind when the server stops', async () => {
    const site = await begin()
    expect(comes(site, CALLER)).toMatchObject({ kind: 'target' })
    await site.forwarding.close()
    expect(site.trials[0]?.cancelled).toContain('cause=503')
    expect(site.clock.pending).toBe(0)
  })
})
