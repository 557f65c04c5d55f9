import { describe, expect, it } from 'vitest'
import { ending } from '../../src/call/ending.js'
import { HOLD_MS, startApi } from './support/api.js'

const problem = (type: string, status: number, more: object = {}) => ({
  type: `/problems/${type}`,
  status,
  ...more,
})

describe('a device that was told of a call', () => {
  it('sees how the call stands', async () => {
    const { ring, ask, clock } = await startApi()
    const startedAt = new Date(clock.now() / 1000)
    const token = await ring('c1', 'phone', 'tablet')
    const answer = await ask('GET', '/v1/calls/c1', token)
    expect(answer.json()).toEqual({
      id: 'c1',
      state: 'ringing',
      yours: false,
      caller: '+15550100',
      callerName: 'Carol',
      callee: '+15550199',
      startedAt: startedAt.toISOString(),
      expiresAt: new Date(startedAt.getTime() + HOLD_MS).toISOString(),
      ending: null,
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('accepts without a body, and the same again gets the same answer', async () => {
    const { ring, ask, calls } = await startApi()
    const token = await ring('c1', 'phone')
    const first = await ask('POST', '/v1/calls/c1/accept', token)
    expect(first.json()).toMatchObject({ id: 'c1', state: 'accepted', yours: true })
    expect((await ask('POST', '/v1/calls/c1/accept', token, {})).json()).toEqual(first.json())
    expect(calls.answerOf('c1', 'phone')).toEqual({})
  })

  it('accepts with its SDP answer', async () => {
    const { ring, ask, calls } = await startApi()
    const token = await ring('c1', 'phone')
    const sdp = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n'
    expect((await ask('POST', '/v1/calls/c1/accept', token, { sdp })).status).toBe(200)
    expect(calls.answerOf('c1', 'phone')).toEqual({ sdp })
  })

  it('hears that its SDP is no answer to the offer', async () => {
    const { ring, ask } = await startApi()
    const answer = await ask('POST', '/v1/calls/c1/accept', await ring('c1', 'phone'), { sdp: 'hello' })
    expect(answer.json()).toMatchObject(problem('call-not-acceptable', 422))
  })

  it('hears that another device was faster', async () => {
    const { ring, ask, calls } = await startApi()
    const token = await ring('c1', 'phone', 'tablet')
    await calls.accept('c1', 'tablet', {})
    const answer = await ask('POST', '/v1/calls/c1/accept', token)
    expect(answer.json()).toMatchObject(problem('call-answered-elsewhere', 409))
  })

  it('hears why the call is over that it accepts', async () => {
    const { ring, ask, calls } = await startApi()
    const token = await ring('c1', 'phone')
    const cancelled = ending('cancelled', 'caller', { reason: 'SIP;cause=487' })
    calls.end('c1', cancelled)
    expect((await ask('POST', '/v1/calls/c1/accept', token)).json()).toMatchObject(
      problem('call-ended', 410, { ending: cancelled }),
    )
    expect((await ask('GET', '/v1/calls/c1', token)).json()).toMatchObject({
      state: 'ended',
      expiresAt: null,
      ending: cancelled,
    })
  })

  it('cannot accept with a token that it has declined with', async () => {
    const { ring, ask } = await startApi()
    const token = await ring('c1', 'phone', 'tablet')
    await ask('POST', '/v1/calls/c1/decline', token, { reason: 'busy' })
    expect((await ask('POST', '/v1/calls/c1/accept', token)).json()).toMatchObject(problem('token-used', 403))
  })

  it.each([
    [{ reason: 'busy' }, { reason: 'busy' }],
    [{ reason: 'reject' }, { reason: 'reject' }],
    [
      { reason: 'message', message: 'In a meeting, später' },
      { reason: 'message', message: 'In a meeting, später' },
    ],
    [
      { reason: 'redirect', to: { user: 'bob' } },
      { reason: 'redirect', to: { kind: 'user', user: 'bob' } },
    ],
  ])('declines with %j', async (body, decline) => {
    const { ring, ask, calls } = await startApi()
    const answer = await ask('POST', '/v1/calls/c1/decline', await ring('c1', 'phone', 'tablet'), body)
    expect(answer.status).toBe(200)
    expect(calls.answerOf('c1', 'phone')).toEqual(decline)
  })

  it('hears that it may not send the caller there', async () => {
    const { ring, ask } = await startApi()
    const body = { reason: 'redirect', to: { number: '+15550111' } }
    const answer = await ask('POST', '/v1/calls/c1/decline', await ring('c1', 'phone'), body)
    expect(answer.json()).toMatchObject(problem('redirect-not-allowed', 403))
  })

  it.each([
    [{}, '#/reason'],
    [{ reason: 'tired' }, '#/reason'],
    [{ reason: 'message' }, '#/message'],
    [{ reason: 'message', message: '' }, '#/message'],
    [{ reason: 'message', message: 'late\r\nX-Evil: 1' }, '#/message'],
    [{ reason: 'message', message: 'x'.repeat(257) }, '#/message'],
    [{ reason: 'redirect' }, '#/to'],
    [{ reason: 'redirect', to: { number: '+1555;x=y' } }, '#/to'],
    [{ reason: 'redirect', to: { user: 'a', number: '1' } }, '#/to'],
    [{ reason: 'busy', to: { user: 'bob' } }, '#/to'],
  ])('is told which field is wrong in the decline %j', async (body, pointer) => {
    const { ring, ask, calls } = await startApi()
    const answer = await ask('POST', '/v1/calls/c1/decline', await ring('c1', 'phone'), body)
    expect(answer.json()).toMatchObject(problem('bad-request', 400))
    const { errors } = answer.json() as { errors: { pointer: string }[] }
    expect(errors.map((error) => error.pointer.slice(0, pointer.length))).toContain(pointer)
    expect(calls.answerOf('c1', 'phone')).toBeUndefined()
  })

  it('hangs up what it has accepted, long after the hold', async () => {
    const { ring, ask, clock } = await startApi()
    const token = await ring('c1', 'phone', 'tablet')
    await ask('POST', '/v1/calls/c1/accept', token)
    clock.advance(3 * 3_600_000)
    expect((await ask('GET', '/v1/calls/c1', token)).json()).toMatchObject({ state: 'accepted', yours: true })
    expect((await ask('POST', '/v1/calls/c1/hangup', token, {})).json()).toMatchObject({
      state: 'ended',
      ending: { cause: 'hung-up', by: 'callee' },
    })
  })

  it('may try again where the server of the call does not answer', async () => {
    const { ring, ask, calls } = await startApi()
    const token = await ring('c1', 'phone')
    calls.refusing = 'unavailable'
    const answer = await ask('POST', '/v1/calls/c1/accept', token)
    expect(answer.json()).toMatchObject(problem('unavailable', 503))
    expect(answer.headers.get('retry-after')).toBe('1')
  })

  it('hears of a call that nobody knows', async () => {
    const { ring, ask, calls } = await startApi()
    const token = await ring('c1', 'phone')
    calls.refusing = 'not-found'
    expect((await ask('GET', '/v1/calls/c1', token)).json()).toMatchObject(problem('call-not-found', 404))
  })
})
