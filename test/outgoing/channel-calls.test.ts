import { describe, expect, test } from 'vitest'
import { createLocalBus } from '../../src/adapters/bus/local.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import { type Ending, ending } from '../../src/call/ending.js'
import { ChannelCalls } from '../../src/outgoing/channel-calls.js'
import type { ToldCaller } from '../../src/ports/client-calls.js'
import type { ClientAddress } from '../../src/ports/client-messages.js'
import type { IncomingCall, LegEvents } from '../../src/ports/signaling.js'
import { SipFailure } from '../../src/ports/signaling.js'
import { RecordingLog } from '../wake/recording-log.js'
import { Desk } from './support/desk.js'

const ADDRESS: ClientAddress = { client: 'app', device: 'd1' }
const CALLER = { address: ADDRESS, user: 'alice', own: false, policy: { to: ['user:*'] } }

/** One node, with what the runtime would have of its calls. */
class Node {
  readonly log = new RecordingLog()
  readonly told: (ToldCaller & { readonly to: ClientAddress })[] = []
  readonly placed: { readonly invite: IncomingCall; readonly over: (ending: Ending) => void }[] = []
  readonly calls: ChannelCalls
  draining = false
  /** Since when the client has no channel. */
  away: number | null = null
  fails: Error | undefined
  #ids = 0

  readonly users = new Set(['alice'])
  readonly desk = new Desk({ calls: 2 })
  /** What goes wrong where a call is to begin. */
  breaks: Error | undefined

  constructor(name = 'n', bus = createLocalBus({ log: new RecordingLog() })) {
    this.calls = new ChannelCalls({
      ...{ bus, log: this.log, clock: systemClock, domain: 'example.net', shared: true },
      outgoing: this.desk.outgoing,
      isUser: (user) => this.users.has(user),
      draining: () => this.draining,
      awaySince: () => Promise.resolve(this.away),
      ids: () => `${name}-${this.#ids++}`,
      place: (_id, invite, permitted, over) => {
        if (this.breaks !== undefined) throw this.breaks
        this.placed.push({
          invite,
          over: (how) => {
            permitted.done()
            over(how)
          },
        })
      },
      tell: (to, message) => {
        if (this.fails !== undefined) return Promise.reject(this.fails)
        this.told.push({ to, ...message })
        return Promise.resolve()
      },
    })
    bus.subscribe((message) => this.calls.heard(message))
  }

  /** A call to bob; its id, and what stands for it. */
  async call(sdp = 'offer'): Promise<{ id: string; invite: IncomingCall; over: (ending: Ending) => void }> {
    const outcome = await this.calls.call(CALLER, { to: 'bob', sdp })
    const placed = this.placed.at(-1)
    if (outcome.kind === 'refused' || placed === undefined) throw new Error('the call was refused')
    return { id: outcome.callId, ...placed }
  }
}

function listening(invite: IncomingCall): Promise<{ readonly ended: unknown[] }> {
  const ended: unknown[] = []
  const events: LegEvents = {
    ended: (reason) => void ended.push(reason),
    reoffered: (sdp) => Promise.resolve(`answer to ${sdp}`),
    info: (_, body) => Promise.resolve(body === 'refused' ? 480 : 200),
  }
  return invite.answer({ sdp: 'answer' }).then((leg) => {
    leg.listen(events)
    return { ended }
  })
}

describe('a call over a channel', () => {
  test('is told of in order, with its id, and of its end last', async () => {
    const node = new Node()
    const { id, invite, over } = await node.call()
    await Promise.all([invite.provisional({ status: 180 }), listening(invite)])
    over(ending('hung-up', 'callee'))
    await expect.poll(() => node.told.map(({ type }) => type)).toHaveLength(3)
    expect(node.told).toMatchObject([
      { type: 'call-progress', callId: id, status: 180, to: ADDRESS },
      { type: 'call-answered', callId: id, sdp: 'answer' },
      { type: 'call-ended', callId: id, ending: { cause: 'hung-up', by: 'callee' } },
    ])
    expect(node.calls.size).toBe(0)
  })

  test('is told of after the result of its request, which names it', async () => {
    const node = new Node()
    const order: string[] = []
    const asked = node.calls.call(CALLER, { to: 'bob', sdp: 'offer' })
    const first = node.placed[0]?.invite.provisional({ status: 180 }).then(() => order.push('told'))
    await asked.then(() => order.push('result'))
    await first
    expect(order).toEqual(['result', 'told'])
  })

  test('is cancelled while it rings, and hung up once it is answered', async () => {
    const node = new Node()
    const ringing = await node.call()
    const cancels: unknown[] = []
    ringing.invite.onCancel((reason) => cancels.push(reason))
    await node.calls.command(CALLER, ringing.id, { op: 'hang-up' })
    expect(cancels).toEqual([undefined])
    const talking = await node.call()
    const leg = await listening(talking.invite)
    expect(await node.calls.command(CALLER, talking.id, { op: 'hang-up' })).toEqual({ kind: 'done' })
    expect(leg.ended).toEqual([undefined])
  })

  test('is one of a client that is gone once it has had no channel for a minute', async () => {
    const node = new Node()
    const { invite } = await node.call()
    expect(await invite.vanished?.()).toBe(false)
    node.away = systemClock.now() - 50_000_000
    expect(await invite.vanished?.()).toBe(false)
    node.away = systemClock.now() - 60_000_000
    expect(await invite.vanished?.()).toBe(true)
  })

  test('is not answered once the client has hung up', async () => {
    const node = new Node()
    const { id, invite } = await node.call()
    await node.calls.command(CALLER, id, { op: 'hang-up' })
    await expect(invite.answer({ sdp: 'answer' })).rejects.toBeInstanceOf(SipFailure)
    const late: unknown[] = []
    invite.onCancel((reason) => late.push(reason))
    expect(late).toEqual([undefined])
  })

  test('that is hung up as it is answered hears of that', async () => {
    const node = new Node()
    const { id, invite } = await node.call()
    const leg = await invite.answer({ sdp: 'answer' })
    await node.calls.command(CALLER, id, { op: 'hang-up' })
    const ended: unknown[] = []
    leg.listen({
      ended: () => ended.push('ended'),
      reoffered: () => Promise.resolve(''),
      info: () => Promise.resolve(200),
    })
    expect(ended).toEqual(['ended'])
  })

  test('fails where its answer cannot be written', async () => {
    const node = new Node()
    const { invite, over } = await node.call()
    node.fails = new Error('the database is away')
    await expect(invite.answer({ sdp: 'answer' })).rejects.toMatchObject({ status: 503 })
    over(ending('connect-failed', 'server'))
    await expect.poll(() => node.log.at('warn')).toHaveLength(1)
  })

  test('that cannot be begun is refused, and counts no more', async () => {
    const node = new Node()
    node.breaks = new Error('a fault of ours')
    const ask = () => node.calls.call(CALLER, { to: 'bob', sdp: 'offer' })
    for (let n = 0; n < 2; n++) expect(await ask()).toMatchObject({ why: 'unavailable' })
    expect(node.log.at('error')[0]).toMatchObject({ fields: { err: node.breaks, client: 'app' } })
    expect(node.calls.size).toBe(0)
    node.breaks = undefined
    expect(await ask()).toMatchObject({ kind: 'calling' })
  })

  test('is refused to a user that is configured no more, but not to a client of its own', async () => {
    const node = new Node()
    node.users.clear()
    const ask = (own: boolean) => node.calls.call({ ...CALLER, own }, { to: 'bob', sdp: 'offer' })
    expect(await ask(false)).toMatchObject({ why: 'grant-missing' })
    expect(node.desk.refusals).toEqual(['grant-missing'])
    expect(await ask(true)).toMatchObject({ kind: 'calling' })
  })

  test('is refused where the server shuts down', async () => {
    const node = new Node()
    node.draining = true
    expect(await node.calls.call(CALLER, { to: 'bob', sdp: 'offer' })).toMatchObject({ why: 'unavailable' })
    expect(node.placed).toEqual([])
  })
})

describe('a client on another node than its call', () => {
  const two = () => {
    const bus = createLocalBus({ log: new RecordingLog() })
    return [new Node('one', bus), new Node('two', bus)] as const
  }

  test('changes it, and hangs it up', async () => {
    const [one, other] = two()
    const { id, invite } = await one.call()
    const leg = await listening(invite)
    const ask = (command: Parameters<ChannelCalls['command']>[2]) => other.calls.command(CALLER, id, command)
    expect(await ask({ op: 'reoffer', sdp: 'new' })).toEqual({ kind: 'done', sdp: 'answer to new' })
    expect(await ask({ op: 'info', contentType: 'x/y', body: '1' })).toEqual({ kind: 'done' })
    expect(await ask({ op: 'info', contentType: 'x/y', body: 'refused' })).toMatchObject({
      why: 'not-connected',
    })
    expect(await ask({ op: 'hang-up' })).toEqual({ kind: 'done' })
    expect(leg.ended).toEqual([undefined])
  })

  test('has no say in the call of another client', async () => {
    const [one, other] = two()
    const { id } = await one.call()
    const stranger = { address: { client: 'app', device: 'd2' } }
    expect(one.calls.owns(CALLER, id)).toBe(true)
    expect(one.calls.owns(stranger, id)).toBe(false)
    expect(await other.calls.command(stranger, id, { op: 'hang-up' })).toMatchObject({ why: 'not-found' })
  })
})
