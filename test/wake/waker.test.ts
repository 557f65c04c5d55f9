import { beforeEach, describe, expect, it } from 'vitest'
import type { BusMessage } from '../../src/ports/bus.js'
import type { PushOutcome, PushSender } from '../../src/ports/push.js'
import type { Device } from '../../src/ports/store.js'
import { type AppChannels, createWaker, type Waker, type WakeRequest } from '../../src/wake/waker.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { Inbox } from '../support/push/inbox.js'
import { RecordingLog } from './recording-log.js'
import { ScriptedSender } from './scripted-sender.js'

const push = { provider: 'acme', token: 'tok-1' }
const device: Device = {
  id: 'dev-1',
  user: 'alice',
  instance: null,
  push,
  createdAt: 1,
  seenAt: 1,
  retired: null,
}
const call = {
  ...{ id: 'c-1', sipCallId: 'c-1@example.net', from: '+15550100', fromName: 'Bob' },
  ...{ to: '+15550199', token: 'call-token' },
}
const delivered: PushOutcome = { kind: 'delivered', id: 'p-1' }
const busy: PushOutcome = { kind: 'retry', detail: 'answered 503' }

/** No app has a channel. */
const NO_CHANNELS: AppChannels = {
  offerCall: () => undefined,
  tellEnding: () => Promise.resolve(),
}

let clock: FakeClock
let store: FakeStore
let log: RecordingLog
let published: Inbox<BusMessage>
let publish: (message: BusMessage) => Promise<void>

beforeEach(async () => {
  clock = new FakeClock()
  store = new FakeStore()
  log = new RecordingLog()
  published = new Inbox()
  publish = (message) => {
    published.add(message)
    return Promise.resolve()
  }
  await store.putDevice(device)
})

function wakerWith(senders: Record<string, PushSender>, channels = NO_CHANNELS): Waker {
  return createWaker({
    senders: new Map(Object.entries(senders)),
    channels,
    store,
    bus: { publish: (message) => publish(message) },
    clock,
    log,
    backoff: { firstMs: 100, maxMs: 1000 },
    random: () => 0,
  })
}

/** A wake with 30 s to go. */
function request(more: Partial<WakeRequest> = {}): WakeRequest {
  return {
    call,
    device,
    deadline: clock.now() + 30_000_000,
    entry: { edge: 'sip:edge.example.net;transport=tls', api: 'https://api.example.net' },
    ...more,
  }
}

/** The retry after `attempts` has its timer set as soon as the log says so. */
async function retryPlanned(attempts: number): Promise<void> {
  while (log.lines.filter((line) => line.message === 'push is to be tried again').length < attempts)
    await new Promise((resolve) => setImmediate(resolve))
}

describe('waking a device', () => {
  it('names the call, its Call-ID, the caller, the edge and the expiry', async () => {
    const sender = new ScriptedSender([delivered])
    const wake = request()
    expect(await wakerWith({ acme: sender }).wake(wake).outcome).toEqual({
      kind: 'delivered',
      id: 'p-1',
      attempts: 1,
    })
    expect(sender.inbox.items).toEqual([
      {
        device: { id: 'dev-1', ...push },
        kind: 'call',
        payload: {
          callId: 'c-1',
          sipCallId: 'c-1@example.net',
          caller: '+15550100',
          callerName: 'Bob',
          callee: '+15550199',
          edge: 'sip:edge.example.net;transport=tls',
          api: 'https://api.example.net',
          token: 'call-token',
          expires: Math.floor(wake.deadline / 1_000_000),
        },
        expiresAt: wake.deadline,
        collapseKey: 'c-1',
      },
    ])
  })

  it('pushes before anything else gets its turn', () => {
    const sender = new ScriptedSender([delivered])
    wakerWith({ acme: sender }).wake(request())
    expect(sender.inbox.items).toHaveLength(1)
  })

  it('tries again with growing delays while the service is busy', async () => {
    const sender = new ScriptedSender([busy, busy, busy, delivered])
    const { outcome } = wakerWith({ acme: sender }).wake(request())
    for (const [attempts, wait] of [100, 200, 400].entries()) {
      await retryPlanned(attempts + 1)
      clock.advance(wait - 1)
      expect(sender.inbox.items).toHaveLength(attempts + 1)
      clock.advance(1)
      await sender.inbox.atLeast(attempts + 2)
    }
    expect(await outcome).toEqual({ kind: 'delivered', id: 'p-1', attempts: 4 })
  })

  it('waits for as long as the service asks', async () => {
    const sender = new ScriptedSender([{ ...busy, afterMs: 7000 }, delivered])
    const { outcome } = wakerWith({ acme: sender }).wake(request())
    await retryPlanned(1)
    clock.advance(6999)
    expect(sender.inbox.items).toHaveLength(1)
    clock.advance(1)
    expect(await outcome).toMatchObject({ kind: 'delivered', attempts: 2 })
  })

  it('gives up at once where the service asks for more time than the caller has', async () => {
    const sender = new ScriptedSender([{ ...busy, afterMs: 60_000 }])
    const outcome = await wakerWith({ acme: sender }).wake(request()).outcome
    expect(outcome).toEqual({
      kind: 'refused',
      gone: false,
      attempts: 1,
      detail: 'no time for another attempt in 60000 ms: answered 503',
    })
    expect(clock.pending).toBe(0)
  })

  it('gives up a service that hangs when the deadline comes', async () => {
    const sender = new ScriptedSender(['hang'])
    const waker = wakerWith({ acme: sender })
    const { outcome } = waker.wake(request())
    clock.advance(30_000)
    expect(await outcome).toMatchObject({ kind: 'refused', gone: false, detail: 'deadline reached' })
    expect(waker.pending).toBe(0)
  })

  it('pushes nothing for a call whose time is over', async () => {
    const sender = new ScriptedSender([delivered])
    const outcome = await wakerWith({ acme: sender }).wake(request({ deadline: clock.now() })).outcome
    expect(outcome).toMatchObject({ kind: 'refused', detail: 'deadline reached', attempts: 0 })
    expect(sender.inbox.items).toHaveLength(0)
  })

  it('is refused with the name where no such push service is configured', async () => {
    const outcome = await wakerWith({ apns: new ScriptedSender([delivered]) }).wake(request()).outcome
    expect(outcome).toMatchObject({
      kind: 'refused',
      gone: false,
      detail: 'no push service is configured under the name "acme"',
    })
    expect(log.at('warn')).toHaveLength(1)
  })

  it('is refused where the token is retired already', async () => {
    const sender = new ScriptedSender([delivered])
    const asleep = { ...device, push: null, retired: { at: 1, reason: 'answered 410' } }
    const outcome = await wakerWith({ acme: sender }).wake(request({ device: asleep })).outcome
    expect(outcome).toMatchObject({ kind: 'refused', detail: 'no channel and no push token' })
    expect(sender.inbox.items).toHaveLength(0)
  })

  it.each<[string, Device['push']]>([
    ['has no push token', null],
    ['is of a push service that is not configured', { provider: 'gone', token: 't' }],
  ])('tells an app by its channel that %s', async (_, way) => {
    const offered: string[] = []
    const channels = (answer: 'taken' | 'no-channel'): AppChannels => ({
      ...NO_CHANNELS,
      offerCall: (deviceId) => {
        offered.push(deviceId)
        return Promise.resolve(answer)
      },
    })
    const app = { ...device, push: way }
    const told = wakerWith({}, channels('taken'))
    expect(await told.wake(request({ device: app })).outcome).toMatchObject({
      kind: 'delivered',
      id: 'channel',
    })
    const gone = wakerWith({}, channels('no-channel'))
    expect(await gone.wake(request({ device: app })).outcome).toMatchObject({ kind: 'refused', gone: false })
    expect([offered, told.pending, gone.pending, clock.pending]).toEqual([['dev-1', 'dev-1'], 0, 0, 0])
  })

  it('says to one that calls in that no INVITE will come', async () => {
    const sender = new ScriptedSender([delivered])
    await wakerWith({ acme: sender }).wake(request({ device: { ...device, callsIn: true } })).outcome
    expect(sender.inbox.items[0]?.payload).toMatchObject({ callId: 'c-1', delivery: 'call-in' })
  })

  it('is refused, and not repeated, where a sender breaks', async () => {
    const sender = new ScriptedSender([new TypeError('no such property')])
    const outcome = await wakerWith({ acme: sender }).wake(request()).outcome
    expect(outcome).toMatchObject({ kind: 'refused', detail: 'push failed: TypeError: no such property' })
  })

  it('malformed prid: the refusal is logged with the device and the reason, and without the token', async () => {
    const detail = 'malformed pn-prid: no hexadecimal VoIP device token'
    const waker = wakerWith({ acme: new ScriptedSender([{ kind: 'refused', detail }]) })
    expect(await waker.wake(request()).outcome).toEqual({ kind: 'refused', gone: false, detail, attempts: 1 })
    expect(log.at('warn')).toEqual([
      {
        level: 'warn',
        message: 'push refused',
        fields: {
          callId: 'c-1',
          deviceId: 'dev-1',
          provider: 'acme',
          kind: 'call',
          gone: false,
          attempts: 1,
          detail,
        },
      },
    ])
  })
})

describe('a device whose app has a channel', () => {
  it('is not pushed where the app says that it has the call', async () => {
    const sender = new ScriptedSender([delivered])
    const told: unknown[] = []
    const there: AppChannels = {
      offerCall: (deviceId, payload) => {
        told.push([deviceId, payload['callId']])
        return Promise.resolve('taken')
      },
      tellEnding: (deviceId, payload) => {
        told.push([deviceId, payload['reason']])
        return Promise.resolve()
      },
    }
    const waker = wakerWith({ acme: sender }, there)
    expect(await waker.wake(request()).outcome).toEqual({ kind: 'delivered', id: 'channel', attempts: 0 })
    expect(sender.inbox.items).toHaveLength(0)
    await waker.tellEnding(device, call, 'SIP;cause=487').outcome
    expect(told).toEqual([
      ['dev-1', 'c-1'],
      ['dev-1', 'SIP;cause=487'],
    ])
  })
})

describe('stopping a wake', () => {
  it('before its app has answered sends nothing', async () => {
    const sender = new ScriptedSender([delivered])
    const slow: AppChannels = { ...NO_CHANNELS, offerCall: () => Promise.resolve('no-channel') }
    const { outcome, stop } = wakerWith({ acme: sender }, slow).wake(request())
    stop()
    expect(await outcome).toEqual({ kind: 'refused', gone: false, detail: 'stopped', attempts: 0 })
    expect(sender.inbox.items).toHaveLength(0)
  })

  it('ends a push in flight', async () => {
    const sender = new ScriptedSender(['hang'])
    const waker = wakerWith({ acme: sender })
    const { outcome, stop } = waker.wake(request())
    stop()
    stop()
    expect(await outcome).toEqual({ kind: 'refused', gone: false, detail: 'stopped', attempts: 1 })
    expect(waker.pending).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('ends the wait for another attempt', async () => {
    const sender = new ScriptedSender([busy])
    const { outcome, stop } = wakerWith({ acme: sender }).wake(request())
    await retryPlanned(1)
    stop()
    expect(await outcome).toMatchObject({ kind: 'refused', detail: 'stopped', attempts: 1 })
    clock.advance(30_000)
    expect(sender.inbox.items).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it('changes nothing once the service has taken the push', async () => {
    const { outcome, stop } = wakerWith({ acme: new ScriptedSender([delivered]) }).wake(request())
    await outcome
    stop()
    expect(await outcome).toMatchObject({ kind: 'delivered' })
  })

  it('closing stops every wake, and waits for tokens that are being retired', async () => {
    let release = (): void => undefined
    store.delayBy(() => new Promise((resolve) => (release = resolve)))
    const gone = new ScriptedSender([{ kind: 'gone', detail: 'answered 410' }])
    const waker = wakerWith({ acme: gone, slow: new ScriptedSender(['hang']) })
    const dead = waker.wake(request())
    const hanging = waker.wake(request({ device: { ...device, push: { provider: 'slow', token: 't' } } }))
    await dead.outcome
    expect(waker.pending).toBe(2)
    const closing = waker.close()
    expect(await hanging.outcome).toMatchObject({ kind: 'refused', detail: 'stopped' })
    expect(waker.pending).toBe(1)
    release()
    await closing
    expect(waker.pending).toBe(0)
  })
})

describe('a dead push token', () => {
  const gone = (): ScriptedSender => new ScriptedSender([{ kind: 'gone', detail: 'answered 410' }])

  it('410 Unregistered cleans nothing: the token is retired at once, and everybody is told', async () => {
    const waker = wakerWith({ acme: gone() })
    expect(await waker.wake(request()).outcome).toEqual({
      kind: 'refused',
      gone: true,
      detail: 'answered 410',
      attempts: 1,
    })
    expect(await published.atLeast(1)).toEqual([
      { type: 'device-retired', user: 'alice', deviceId: 'dev-1', reason: 'answered 410' },
    ])
    expect(await store.device('dev-1')).toMatchObject({
      push: null,
      retired: { at: clock.now(), reason: 'answered 410' },
    })
  })

  it('stays out of the way of the new one that the device has registered meanwhile', async () => {
    const fresh = { ...device, push: { provider: 'acme', token: 'tok-2' } }
    await store.putDevice(fresh)
    const waker = wakerWith({ acme: gone() })
    expect(await waker.wake(request()).outcome).toMatchObject({ kind: 'refused', gone: true })
    await waker.close()
    expect(await store.device('dev-1')).toEqual(fresh)
    expect(published.items).toEqual([])
  })

  it('does not hold up the outcome, nor fail it, while the database is away', async () => {
    store.failWhile((method) => method === 'retirePush')
    const waker = wakerWith({ acme: gone() })
    expect(await waker.wake(request()).outcome).toMatchObject({ kind: 'refused', gone: true })
    await waker.close()
    expect(log.at('error')).toMatchObject([
      { message: 'push token could not be retired', fields: { deviceId: 'dev-1', reason: 'answered 410' } },
    ])
    expect(published.items).toEqual([])
  })

  it('is retired even where the bus is away', async () => {
    publish = () => Promise.reject(new Error('bus is away'))
    const waker = wakerWith({ acme: gone() })
    await waker.wake(request()).outcome
    await waker.close()
    expect(await store.device('dev-1')).toMatchObject({ push: null })
    expect(log.at('error')).toHaveLength(1)
  })
})

describe('telling the ending of a call', () => {
  const reason = 'SIP;cause=200;text="Call completed elsewhere"'

  it('reaches the device with the reason, and replaces a wake-up that has not come through', async () => {
    const sender = new ScriptedSender([delivered])
    const waker = wakerWith({ acme: sender })
    await waker.wake(request()).outcome
    expect(await waker.tellEnding(device, call, reason).outcome).toMatchObject({ kind: 'delivered' })
    const [wake, ending] = sender.inbox.items
    expect(ending).toMatchObject({
      kind: 'ended',
      payload: { callId: 'c-1', sipCallId: 'c-1@example.net', reason },
    })
    expect(ending?.collapseKey).toBe(wake?.collapseKey)
  })

  it('is left out, without a warning, where the service cannot', async () => {
    const sender = new ScriptedSender([delivered], { tellsEndings: false })
    const outcome = await wakerWith({ acme: sender }).tellEnding(device, call, reason).outcome
    expect(outcome).toMatchObject({ kind: 'refused', detail: '"acme" cannot tell the ending of a call' })
    expect(sender.inbox.items).toHaveLength(0)
    expect(log.at('warn')).toEqual([])
  })

  it('retires a token that turns out dead', async () => {
    const waker = wakerWith({ acme: new ScriptedSender([{ kind: 'gone', detail: 'answered 410' }]) })
    await waker.tellEnding(device, call, reason).outcome
    expect(await published.atLeast(1)).toMatchObject([{ type: 'device-retired', deviceId: 'dev-1' }])
  })
})

describe('telling a device of another edge', () => {
  const entry = { edge: 'sip:us.example.net;transport=tls', api: 'https://api.example.net' }

  it('is a push that is no call, and replaces one before it', async () => {
    const sender = new ScriptedSender([delivered])
    expect(await wakerWith({ acme: sender }).rehome(device, entry).outcome).toMatchObject({
      kind: 'delivered',
    })
    expect(sender.inbox.items).toEqual([
      {
        device: { id: 'dev-1', ...push },
        kind: 'rehome',
        payload: entry,
        expiresAt: clock.now() + 600_000_000,
        collapseKey: 'rehome',
      },
    ])
  })

  it('is not pushed by a service that pushes calls alone', async () => {
    const sender = Object.assign(new ScriptedSender([delivered]), { tellsEndings: false })
    const outcome = await wakerWith({ acme: sender }).rehome(device, entry).outcome
    expect(outcome).toMatchObject({ kind: 'refused', detail: '"acme" pushes calls alone' })
    expect(sender.inbox.items).toEqual([])
    expect(log.at('warn')).toEqual([])
  })
})
