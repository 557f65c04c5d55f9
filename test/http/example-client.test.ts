import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import WebSocket from 'ws'
import type { z } from 'zod'
import {
  type Call,
  Channel,
  ChannelLost,
  type IncomingCall,
  Reveille,
  ReveilleProblem,
  type ServerMessage,
} from '../../examples/client-typescript/index.js'
import { ending } from '../../src/call/ending.js'
import type { CallJson } from '../../src/http/call-json.js'
import type { problemSchema } from '../../src/http/problem.js'
import type { ProblemBody } from '../../examples/client-typescript/problem.js'
import { ChannelNode, openSite, FAR } from '../channel/support/node.js'
import { TestServer } from '../support/server.js'
import { startApi } from './support/api.js'

async function problemOf(work: Promise<unknown>): Promise<ReveilleProblem> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ReveilleProblem)) throw new Error(`no problem: ${String(error)}`)
  return error
}

describe('the example client', () => {
  it('takes what the API gives, by its types', () => {
    expectTypeOf<CallJson>().toExtend<Call>()
    expectTypeOf<Call>().toExtend<Readonly<CallJson>>()
    expectTypeOf<z.output<typeof problemSchema>['type']>().toExtend<ProblemBody['type']>()
  })

  it('sees, accepts and hangs up a call', async () => {
    const { base, ring } = await startApi()
    const call = new Reveille({ base }).call('c1', await ring('c1', 'phone', 'tablet'))
    expect(await call.view()).toMatchObject({ state: 'ringing', caller: '+15550100' })
    expect(await call.accept('v=0\r\n')).toMatchObject({ state: 'accepted', yours: true })
    expect((await call.hangUp()).ending).toMatchObject({ cause: 'hung-up', by: 'callee' })
  })

  it('declines a call', async () => {
    const { base, ring, calls } = await startApi()
    const call = new Reveille({ base }).call('c1', await ring('c1', 'phone'))
    await call.decline({ reason: 'message', message: 'Later' })
    expect(calls.answerOf('c1', 'phone')).toEqual({ reason: 'message', message: 'Later' })
  })

  it('tells one problem from another', async () => {
    const { base, ring, calls } = await startApi()
    const reveille = new Reveille({ base })
    const token = await ring('c1', 'phone')
    calls.end('c1', ending('cancelled', 'caller'))
    const ended = await problemOf(reveille.call('c1', token).accept())
    expect([ended.type, ended.status, ended.ending?.cause]).toEqual(['call-ended', 410, 'cancelled'])
    calls.refusing = 'unavailable'
    const away = await problemOf(reveille.call('c1', token).accept())
    expect([away.type, away.retryAfterMs]).toEqual(['unavailable', 1000])
    expect((await problemOf(reveille.call('c1', 'nonsense').view())).type).toBe('token-invalid')
  })

  it('makes and deletes the device of an app', async () => {
    const { base, clientToken, store } = await startApi()
    const app = new Reveille({ base }).app(await clientToken())
    const settings = { provider: 'acme', token: 't1', instance: 'urn:uuid:1' }
    expect(await app.putDevice('d1', settings)).toMatchObject({ id: 'd1', user: 'alice', provider: 'acme' })
    await app.deleteDevice('d1')
    expect((await store.device('d1'))?.push).toBeNull()
  })

  it('opens the call that a push has brought', async () => {
    const server = await TestServer.start()
    onTestFinished(() => server.close())
    await server.sleepingPhone('token-1', 'alice', { protocol: 'tcp' })
    const caller = await server.caller()
    const outgoing = await caller.call('sip:alice@example.net')
    const { payload } = await server.push.nextPush('token-1')
    const { callId, token, api } = payload as unknown as IncomingCall
    const call = new Reveille({ base: api }).call(callId, token)
    expect(await call.view()).toMatchObject({ id: callId, state: 'ringing', caller: '+15550000' })
    expect(await call.accept()).toMatchObject({ state: 'accepted', yours: true })
    outgoing.cancel()
    await outgoing.ended
    expect((await problemOf(call.decline({ reason: 'busy' }))).type).toMatch(/^(call-ended|token-used)$/)
  })
})

interface TestChannel {
  readonly node: ChannelNode
  readonly channel: Channel
  /** The next message, in the order of arrival. */
  readonly next: () => Promise<ServerMessage>
  /** Resolves when the channel can be used, now or the next time. */
  readonly opened: () => Promise<void>
  /** Cuts the connection off. */
  readonly cut: () => void
}

async function openChannel(handle: (message: ServerMessage) => void = () => undefined): Promise<TestChannel> {
  const node = await ChannelNode.start(await openSite())
  await node.device('phone')
  const token = await node.token({ deviceId: 'phone' })
  const messages = new Waited<ServerMessage>()
  const opens = new Waited<true>()
  let socket: WebSocket | undefined
  const channel = new Channel({
    url: `${node.base.replace('http', 'ws')}/v1/client`,
    open: (url) => (socket = new WebSocket(url)),
    token: () => token,
    onMessage(message) {
      handle(message)
      messages.add(message)
    },
    onState: (state) => void (state === 'open' && opens.add(true)),
  })
  onTestFinished(() => channel.close())
  return {
    ...{ node, channel, next: () => messages.next() },
    opened: () => opens.next().then(() => undefined),
    cut: () => socket?.terminate(),
  }
}

/** Things that come, each to be taken once. */
class Waited<T> {
  readonly #things: T[] = []
  #came: () => void = () => undefined

  add(thing: T): void {
    this.#things.push(thing)
    this.#came()
  }

  async next(): Promise<T> {
    for (;;) {
      const thing = this.#things.shift()
      if (thing !== undefined) return thing
      await new Promise<void>((resolve) => (this.#came = resolve))
    }
  }
}

describe('the channel of the example client', () => {
  it('says that it has what it was told', async () => {
    const { node, opened, next } = await openChannel()
    await opened()
    const offered = node.hub.offerCall('phone', { callId: 'c1', token: 't' }, FAR)
    expect(await next()).toMatchObject({ seq: 1, type: 'incoming-call', callId: 'c1', token: 't' })
    expect(await offered).toBe('taken')
  })

  it('asks, and gets the result that is its own', async () => {
    const { node, channel, opened } = await openChannel()
    await opened()
    const [accepted, hungUp] = await Promise.all([
      channel.request({ type: 'accept', callId: 'c1' }),
      channel.request({ type: 'hangup', callId: 'c2' }),
    ])
    expect([accepted.call?.id, hungUp.call?.id]).toEqual(['c1', 'c2'])
    expect(node.calls.asked).toEqual([
      ['accept', 'c1', 'phone', {}],
      ['hangUp', 'c2', 'phone'],
    ])
    node.calls.answer = () => ({ kind: 'refused', why: 'ended', detail: 'It is over.' })
    expect((await problemOf(channel.request({ type: 'accept', callId: 'c1' }))).type).toBe('call-ended')
  })

  it('misses nothing, and gets nothing twice, when its connection is cut', async () => {
    const { node, opened, next, cut } = await openChannel()
    await opened()
    await node.hub.offerCall('phone', { callId: 'c1' }, FAR)
    expect(await next()).toMatchObject({ seq: 1 })
    cut()
    await node.hub.tellEnding('phone', { callId: 'c1', reason: 'SIP;cause=487' })
    await opened()
    expect(await next()).toMatchObject({ seq: 2, type: 'ended', callId: 'c1' })
  })

  it('gets a message again that the app could not handle', async () => {
    let failures = 1
    const { node, opened, next } = await openChannel(() => {
      if (failures-- > 0) throw new Error('the disk is full')
    })
    await opened()
    await node.hub.tellEnding('phone', { callId: 'c1', reason: 'SIP;cause=487' })
    expect(await next()).toMatchObject({ seq: 1, callId: 'c1' })
  })

  it('rejects what has no result any more', async () => {
    const { channel, opened, cut } = await openChannel()
    await opened()
    const request = channel.request({ type: 'accept', callId: 'c1' })
    cut()
    await expect(request).rejects.toThrow(ChannelLost)
    await expect(channel.request({ type: 'accept', callId: 'c1' })).rejects.toThrow('not connected')
  })
})
