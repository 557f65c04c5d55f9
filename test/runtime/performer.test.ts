import { beforeEach, expect, test } from 'vitest'
import { ending } from '../../src/call/ending.js'
import type { CallEvent } from '../../src/call/event.js'
import { NEW, type Bridged, type State } from '../../src/call/state.js'
import type { MediaEndpoint, MediaEndpointEvents, MediaEndpointOptions } from '../../src/ports/media.js'
import type { IncomingCall } from '../../src/ports/signaling.js'
import type { Device } from '../../src/ports/store.js'
import type { CallerTerms } from '../../src/routing/table.js'
import { expectedOrigin } from '../../src/runtime/origin.js'
import { Performer } from '../../src/runtime/performer.js'
import type { CallFacts, Services } from '../../src/runtime/services.js'
import { FakeClock } from '../support/fake-clock.js'

/** Lets what was resolved be heard of. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

/** A media engine whose endpoints are ready when the test says so. */
class SlowMedia {
  readonly servers = []
  readonly open = new Set<MediaEndpoint>()
  readonly events: MediaEndpointEvents[] = []
  private waiting: (() => void)[] = []

  async endpoint({ events = {} }: MediaEndpointOptions): Promise<MediaEndpoint> {
    this.events.push(events)
    await new Promise<void>((resolve) => this.waiting.push(resolve))
    const counters = { packetsIn: 7 } as Awaited<ReturnType<MediaEndpoint['counters']>>
    const endpoint: Partial<MediaEndpoint> = {
      localSdp: `v=0 of ${String(this.events.length)}`,
      counters: () => Promise.resolve(counters),
      close: () => {
        this.open.delete(endpoint as MediaEndpoint)
        return Promise.resolve()
      },
    }
    this.open.add(endpoint as MediaEndpoint)
    return endpoint as MediaEndpoint
  }

  async ready(): Promise<void> {
    for (const resolve of this.waiting.splice(0)) resolve()
    await settle()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const DEVICE: Device = {
  ...{ id: 'device-1', user: 'alice', instance: null, push: { provider: 'webhook', token: 't' } },
  ...{ createdAt: 0, seenAt: 0, retired: null },
}
const TERMS: CallerTerms = { ringback: 'ringing', tone: 'us', accept: 'tone', trusted: false }

/** What stands for a call to Alice's app, whose push is to carry an offer of ours. */
function performerOf(media: SlowMedia, call: { state: State; readonly heard: CallEvent[] }): Performer {
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const services = {
    ...{ media, log, clock: new FakeClock(), settings: { domain: 'here.test', api: '', country: 'us' } },
    table: () => ({ client: () => ({ offerInPush: true }) }),
    sleepers: { silent: () => undefined, heard: () => undefined },
    regions: { edge: () => undefined },
    tokens: { mintCall: () => Promise.resolve('token') },
    waker: {
      wake: () => ({ outcome: Promise.resolve({ kind: 'delivered', attempts: 1 }), stop: () => undefined }),
    },
  } as unknown as Services
  const facts: Partial<CallFacts> = {
    ...{ id: 'c1', called: '7000', origin: expectedOrigin('c1', 'g', { number: null, name: null }) },
  }
  const performer = new Performer(facts as CallFacts, services, {
    get state() {
      return call.state
    },
    post: (event) => call.heard.push(event),
    concerns: () => undefined,
    ended: () => undefined,
    released: () => undefined,
    instruct: () => undefined,
    slept: () => undefined,
  })
  performer.caller.arrive({ offer: 'v=0', gateway: 'g' } as IncomingCall, TERMS)
  performer.callee.learn({ devices: [DEVICE], bindings: [] })
  return performer
}

let media: SlowMedia
let call: { state: State; heard: CallEvent[] }
let performer: Performer

beforeEach(() => {
  media = new SlowMedia()
  call = { state: NEW, heard: [] }
  performer = performerOf(media, call)
  performer.perform({ type: 'wake', attempt: 'a1', deviceId: DEVICE.id })
})

test('a call that ends while the offer of its push is being made gives every port back', async () => {
  performer.perform({ type: 'end', ending: ending('cancelled', 'caller') })
  performer.perform({ type: 'release', leaked: [] })
  // The caller's endpoint, and the one behind the offer, which is made like it.
  await media.ready()
  await media.ready()
  expect(media.events.length).toBeGreaterThan(0)
  expect(media.open.size).toBe(0)
})

test('a bridged call is dead where the app that took the offer of its push is silent, and the caller as well', async () => {
  await media.ready()
  await media.ready()
  const endpoint = await performer.offers.take('a1')
  if (endpoint === undefined) throw new Error('the push had an offer')
  performer.arriveOffered('a1', endpoint, DEVICE.id)
  const bridged: Partial<Bridged> = {
    ...{
      phase: 'bridged',
      winner: 'i1',
      legs: [{ id: 'i1', attempt: 'a1', target: null, phase: 'answered' }],
    },
  }
  call.state = bridged as Bridged
  const [caller, app] = media.events
  app?.timeout?.()
  await settle()
  expect(call.heard).not.toContainEqual({ type: 'media-timeout' })
  caller?.timeout?.()
  await settle()
  expect(call.heard).toContainEqual({ type: 'media-timeout' })
})
