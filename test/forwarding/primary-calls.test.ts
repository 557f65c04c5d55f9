import { describe, expect, test, vi } from 'vitest'
import { ending } from '../../src/call/ending.js'
import { CALLER, CELL } from './support/site.js'
import { comes, ring, REPORT, startForwarding } from './support/api.js'

const PATH = '/v1/primary-calls'

describe('a phone that reports its ringing cell call', () => {
  test('has its secondaries called, as the configuration says', async () => {
    const site = await startForwarding()
    const answer = await site.ask('POST', PATH, REPORT)
    expect(answer.status).toBe(201)
    expect(answer.headers.get('location')).toBe(`${PATH}/id-1`)
    expect(answer.json()).toMatchObject({ id: 'id-1', state: 'ringing', instruction: null, caller: CALLER })
    expect(site.calls.reports).toMatchObject([{ id: 'id-1', subscriber: CELL, deviceId: 'phone' }])
    expect(site.calls.hows).toEqual([
      { hold: 'early-media', accept: 'tone', instruct: 'notified', patienceMs: 20_000 },
    ])
  })

  test('is refused where the forwarding is not known to be set, or is known to fail', async () => {
    const site = await startForwarding({ registered: false })
    const problem = { type: '/problems/forwarding-not-registered', status: 409 }
    expect((await site.ask('POST', PATH, REPORT)).json()).toMatchObject(problem)
    const forwarding = `/v1/subscribers/${encodeURIComponent(CELL)}/forwarding`
    await site.ask('PUT', forwarding, { result: 'refused' })
    expect((await site.ask('POST', PATH, REPORT)).json()).toMatchObject(problem)
    await site.ask('PUT', forwarding, { result: 'accepted' })
    expect((await site.ask('POST', PATH, REPORT)).status).toBe(201)
    expect(site.calls.reports).toHaveLength(1)
  })

  test('is taken at its word once, where it says so twice', async () => {
    const site = await startForwarding()
    expect(await ring(site)).toBe(await ring(site))
    expect(await ring(site, { caller: null })).not.toBe(await ring(site))
    expect(site.calls.reports.map(({ caller }) => caller)).toEqual([CALLER, null])
  })

  test('is heard only for its own number, and while the server takes calls', async () => {
    const site = await startForwarding()
    const refused = async (body: object, user = 'ada') =>
      (await site.ask('POST', PATH, { ...REPORT, ...body }, user)).json()
    expect(await refused({}, 'ben')).toMatchObject({ type: '/problems/token-foreign' })
    expect(await refused({ subscriber: '+12025550100' })).toMatchObject({
      type: '/problems/subscriber-not-found',
    })
    site.calls.refuse = { kind: 'refused', why: 'draining', detail: 'shutting down' }
    expect(await refused({})).toMatchObject({ type: '/problems/unavailable', status: 503 })
    expect(comes(site)).toMatchObject({ kind: 'target' })
  })
})

describe('the instruction', () => {
  test('goes by channel, poll and push at once, is one, and is acknowledged', async () => {
    const site = await startForwarding()
    let receive = (): void => undefined
    site.receipt = new Promise((resolve) => (receive = resolve))
    const id = await ring(site)
    const poll = site.ask('GET', `${PATH}/${id}?wait=25`)
    await vi.waitFor(() => expect(site.clock.pending).toBeGreaterThan(0))
    site.clock.advance(1_000)
    site.forwarding.instruct(id)
    site.forwarding.instruct(id)
    const at = new Date(site.clock.now() / 1000).toISOString()
    expect((await poll).json()).toMatchObject({ state: 'instructed', instruction: { do: 'reject', at } })
    await vi.waitFor(() => expect(site.push.kinds).toEqual(['phone primary-instruction']))
    expect(site.channel).toEqual([
      expect.objectContaining({
        ...{ type: 'primary-instruction', primaryCall: id, do: 'reject', subscriber: CELL, caller: CALLER },
        expiresAtMs: site.clock.now() / 1000 + 20_000,
      }),
    ])
    expect(site.push.sent[0]?.payload).toMatchObject({ primaryCall: id, do: 'reject', test: false })
    const acknowledged = async () => (await site.ask('GET', `${PATH}/${id}`)).json()
    expect(await acknowledged()).toMatchObject({ acknowledgedAt: null })
    receive()
    await vi.waitFor(async () => expect(await acknowledged()).toMatchObject({ acknowledgedAt: at }))
  })

  test('is not pushed to a phone that has it already', async () => {
    const site = await startForwarding()
    site.forwarding.instruct(await ring(site))
    await site.forwarding.close()
    expect([site.channel.length, site.push.kinds]).toEqual([1, []])
  })

  test('is acknowledged by the phone where no channel is open, and its times are kept', async () => {
    const site = await startForwarding()
    site.channelOpen = false
    const id = await ring(site)
    site.forwarding.instruct(id)
    const instructedAt = site.clock.now()
    await vi.waitFor(async () =>
      expect(await site.store.primaryCall(id)).toMatchObject({ instructedBy: 'push', acknowledgedAt: null }),
    )
    site.clock.advance(40)
    await site.ask('POST', `${PATH}/${id}/events`, { event: 'acknowledged' })
    site.clock.advance(60)
    await site.ask('POST', `${PATH}/${id}/events`, { event: 'rejected' })
    site.forwarding.forwarded(id)
    site.clock.advance(900)
    site.forwarding.ended(id, ending('hung-up', 'caller'))
    await vi.waitFor(async () =>
      expect(await site.store.primaryCall(id)).toEqual({
        ...{ id, subscriber: CELL, caller: CALLER, deviceId: 'phone', test: false },
        ...{ ringingSince: Date.parse(REPORT.ringingSince) * 1000, reportedAt: instructedAt },
        ...{ instructedAt, instructedBy: 'push', acknowledgedAt: instructedAt + 40_000 },
        ...{ phone: 'rejected', phoneAt: instructedAt + 100_000, forwardedAt: instructedAt + 100_000 },
        ...{ endedAt: instructedAt + 1_000_000, cause: 'hung-up' },
      }),
    )
  })

  test('ends a long poll with nothing where none is given in time, and with the end of the call', async () => {
    const site = await startForwarding()
    const id = await ring(site)
    const quiet = site.ask('GET', `${PATH}/${id}?wait=5`)
    await vi.waitFor(() => expect(site.clock.pending).toBeGreaterThan(0))
    site.clock.advance(5_000)
    expect((await quiet).json()).toMatchObject({ state: 'ringing', instruction: null })
    const last = site.ask('GET', `${PATH}/${id}?wait=25`)
    await vi.waitFor(() => expect(site.clock.pending).toBeGreaterThan(0))
    site.forwarding.ended(id, ending('no-answer', 'server'))
    expect((await last).json()).toMatchObject({ state: 'ended', cause: 'no-answer', instruction: null })
    site.forwarding.instruct(id)
    expect(site.channel).toEqual([])
  })
})

describe('what the phone says of its call', () => {
  test.each(['acknowledged', 'rejected', 'answered', 'ended', 'failed'])(
    '%s reaches the call',
    async (event) => {
      const site = await startForwarding()
      const id = await ring(site)
      expect((await site.ask('POST', `${PATH}/${id}/events`, { event })).status).toBe(200)
      expect(site.calls.words).toEqual([`${id} ${event}`])
    },
  )

  test('is nobody else’s to say, and changes nothing when the call is over', async () => {
    const site = await startForwarding()
    const id = await ring(site)
    const tell = (user?: string, call = id) =>
      site.ask('POST', `${PATH}/${call}/events`, { event: 'ended' }, user)
    expect((await tell('ben')).json()).toMatchObject({ type: '/problems/token-foreign' })
    expect((await tell('ada', 'none')).json()).toMatchObject({ type: '/problems/primary-call-not-found' })
    site.forwarding.ended(id, ending('answered-on-primary', 'callee'))
    expect((await tell()).json()).toMatchObject({ state: 'ended', phone: null })
    expect(site.calls.words).toEqual([])
  })
})

describe('a forwarded INVITE', () => {
  test('is the leg of the open call, and confirms the forwarding', async () => {
    const site = await startForwarding()
    const id = await ring(site)
    expect(comes(site)).toEqual({ kind: 'primary', callId: id })
    site.forwarding.forwarded(id)
    await vi.waitFor(async () =>
      expect(await site.store.forwarding(CELL)).toMatchObject({ state: 'confirmed' }),
    )
    expect(comes(site)).toMatchObject({ kind: 'target' })
  })

  test('is an ordinary call to secondaries and devices where no call is open, or it is over', async () => {
    const site = await startForwarding()
    const ordinary = { kind: 'target', target: { kind: 'subscriber', number: CELL, devices: true } }
    expect(comes(site)).toEqual(ordinary)
    const id = await ring(site)
    site.forwarding.ended(id, ending('not-forwarded', 'server'))
    expect(comes(site)).toEqual(ordinary)
  })
})

test('rows are written when the database is back, and the calls do not wait for it', async () => {
  const site = await startForwarding()
  let down = true
  site.store.failWhile((method) => method === 'savePrimaryCalls' && down)
  const id = await ring(site)
  site.forwarding.ended(id, ending('cancelled', 'caller'))
  await vi.waitFor(() => expect(site.clock.pending).toBe(1))
  down = false
  site.clock.advance(1_000)
  await vi.waitFor(async () => expect(await site.store.primaryCall(id)).toMatchObject({ cause: 'cancelled' }))
})
