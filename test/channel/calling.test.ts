import { describe, expect, test } from 'vitest'
import { ChannelNode, openSite } from './support/node.js'
import { view } from './support/fake-calls.js'

const OUTGOING = { to: ['user:*'] }

async function open(device?: string) {
  const node = await ChannelNode.start(await openSite())
  if (device !== undefined) await node.device(device)
  const grants = { outgoing: OUTGOING, ...(device !== undefined && { channel: true as const }) }
  const token = await node.token({ grants, ...(device && { deviceId: device }) })
  return { node, client: await node.welcomed({ token }) }
}

describe('a client that calls over its channel', () => {
  test('asks with the policy of its token, and is told which call it is', async () => {
    const { node, client } = await open('d1')
    const call = { to: 'bob', sdp: 'v=0', callerId: 'anonymous', name: 'Shop' }
    expect(await client.ask({ type: 'call', ref: 'a', ...call })).toEqual({
      ...{ type: 'result', ref: 'a', ok: true },
      call: { id: 'call-1', state: 'ringing' },
    })
    const address = { client: 'app-1', device: 'd1' }
    expect(node.clientCalls.asked).toEqual([
      ['call', { address, user: 'alice', own: false, policy: OUTGOING }, call],
    ])
  })

  test('sends neither calls nor keys that are not whole', async () => {
    const { node, client } = await open()
    for (const request of [
      { type: 'call', to: 'bob' },
      { type: 'call', to: 'bob', sdp: 'v=0', trunk: 'mine' },
      { type: 'call', to: 'bob', sdp: 'v=0', name: 'Shop\r\nX-Evil: 1' },
      { type: 'call', to: 'bob', sdp: 'v=0', name: 'Shop\u2028' },
      { type: 'call', to: 'bob', sdp: 'v=0', callerId: '+15550123\u0000' },
      { type: 'info', callId: 'c', contentType: 'x/y\r\nX-Evil: 1', body: '' },
    ]) {
      expect(await client.ask(request)).toMatchObject({ problem: { type: '/problems/bad-request' } })
    }
    expect(node.clientCalls.asked).toEqual([])
  })

  test('gets the answer to a new offer, or why there is none', async () => {
    const { node, client } = await open()
    node.clientCalls.done = { kind: 'done', sdp: 'answer' }
    const reoffer = { type: 'reoffer', callId: 'call-1', sdp: 'v=0' }
    expect(await client.ask(reoffer)).toEqual({ type: 'result', ok: true, sdp: 'answer' })
    node.clientCalls.done = { kind: 'refused', why: 'not-acceptable', detail: 'no codec' }
    expect(await client.ask(reoffer)).toMatchObject({
      problem: { type: '/problems/call-not-acceptable', detail: 'no codec' },
    })
  })
})

describe('a client that hangs up', () => {
  test('ends its own call, and nobody asks for a call to its device', async () => {
    const { node, client } = await open('d1')
    node.clientCalls.own.add('call-1')
    node.clientCalls.done = { kind: 'done' }
    expect(await client.ask({ type: 'hangup', callId: 'call-1' })).toMatchObject({
      ok: true,
      call: { id: 'call-1', state: 'ended' },
    })
    expect(node.calls.asked).toEqual([])
  })

  test('ends its own call on another node, where its device was not called', async () => {
    const { node, client } = await open('d1')
    node.calls.answer = () => ({ kind: 'refused', why: 'not-invited', detail: 'none of yours' })
    node.clientCalls.done = { kind: 'done' }
    expect(await client.ask({ type: 'hangup', callId: 'call-1' })).toMatchObject({ ok: true })
  })

  test('ends a call to its device as ever', async () => {
    const { node, client } = await open('d1')
    node.calls.answer = (callId) => view(callId)
    expect(await client.ask({ type: 'hangup', callId: 'call-2' })).toMatchObject({ ok: true })
    expect(node.calls.asked).toEqual([['hangUp', 'call-2', 'd1']])
    expect(node.clientCalls.asked).toEqual([])
  })

  test('is told what stands in the way where it has no such call', async () => {
    const { node, client } = await open('d1')
    node.calls.answer = () => ({ kind: 'refused', why: 'not-invited', detail: 'none of yours' })
    expect(await client.ask({ type: 'hangup', callId: 'x' })).toMatchObject({
      problem: { type: '/problems/token-foreign' },
    })
  })
})
