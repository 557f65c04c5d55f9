import { beforeEach, describe, expect, test } from 'vitest'
import type { Edge } from '../../src/regions/edge.js'
import { costsOf } from '../../src/regions/costs.js'
import { LOST_MS, Rehoming } from '../../src/regions/rehoming.js'
import { createRegions, type RegionsView } from '../../src/regions/regions.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { RecordingLog } from '../wake/recording-log.js'

const edge = (region: string, up: boolean): Edge => ({
  name: `${region}-1`,
  region,
  up,
  listening: [{ protocol: 'tcp', host: `${region}.example.net`, port: 5060 }],
})

let clock: FakeClock
let store: FakeStore
let log: RecordingLog
let told: string[]
let up: Record<string, boolean>

beforeEach(() => {
  clock = new FakeClock()
  store = new FakeStore()
  log = new RecordingLog()
  told = []
  up = { eu: true, us: true }
})

/** A node; several of them may have one store. */
function node(rate: number | undefined = 1000): Rehoming {
  const view: RegionsView = {
    names: ['eu', 'us'],
    domain: 'example.net',
    edges: () => Object.entries(up).map(([region, is]) => edge(region, is)),
    media: () => [],
    costs: () => costsOf([]),
  }
  return new Rehoming({
    ...{ view, regions: createRegions(view), store, clock, log },
    tell: (device, to) => Promise.resolve(void told.push(`${device.id} ${to}`)),
    rate: () => rate,
  })
}

async function registered(id: string, region: string, pushable = true): Promise<void> {
  const now = clock.now()
  const push = pushable ? { provider: 'acme', token: `token-${id}` } : null
  const user = `user-${id}`
  await store.putDevice({
    id,
    user,
    instance: null,
    push,
    createdAt: now,
    seenAt: now,
    retired: null,
    region,
  })
  const source = { protocol: 'tcp', address: '192.0.2.1', port: 5060 }
  await store.writeBindings({
    put: [
      {
        ...{ bindingId: `b-${id}`, uri: 'sip:x', flow: id, user, deviceId: id, instance: null, regId: null },
        ...{ callId: id, cseq: 1, gateway: `${region}-1`, region, source, q: 1, userAgent: null },
        ...{ contactHeader: '<sip:x>', registeredAt: now, expiresAt: now + 3600e6 },
      },
    ],
    remove: [],
  })
}

/** Lets time pass, and what it set off have its turn. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    clock.advance(Math.min(10, left))
    for (let n = 0; n < 4; n++) await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('a region that is lost', () => {
  test('has each device that is registered there told of an edge that is up, once', async () => {
    await registered('a', 'us')
    await registered('b', 'us')
    await registered('c', 'eu')
    await registered('d', 'us', false)
    const rehoming = node()
    rehoming.look()
    up['us'] = false
    rehoming.look()
    rehoming.look()
    await pass(LOST_MS + 100)
    expect(told).toEqual(['a', 'b'].map((id) => `${id} sip:eu.example.net:5060;transport=tcp`))
    expect(log.at('info')).toMatchObject([{ fields: { region: 'us', devices: 2 } }])
    rehoming.close()
    expect(clock.pending).toBe(0)
  })

  test('has hundreds told at the pace that the configuration allows', async () => {
    await Promise.all(Array.from({ length: 250 }, (_, n) => registered(String(1000 + n), 'us')))
    const rehoming = node(100)
    up['us'] = false
    rehoming.look()
    await pass(LOST_MS + 1000)
    expect(told.length).toBeGreaterThan(80)
    expect(told.length).toBeLessThanOrEqual(101)
    await pass(1700)
    expect(new Set(told).size).toBe(250)
    rehoming.close()
  })

  test('has nobody told that is back within seconds, or in the middle of it', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => registered(String(n), 'us')))
    const rehoming = node(10)
    up['us'] = false
    rehoming.look()
    await pass(LOST_MS - 100)
    up['us'] = true
    rehoming.look()
    await pass(500)
    expect(told).toEqual([])
    up['us'] = false
    rehoming.look()
    await pass(LOST_MS + 500)
    up['us'] = true
    rehoming.look()
    await pass(2000)
    expect(told.length).toBeGreaterThan(0)
    expect(told.length).toBeLessThan(10)
    rehoming.close()
  })

  test('is told of by one of the nodes that see it', async () => {
    await registered('a', 'us')
    const nodes = [node(), node()]
    up['us'] = false
    for (const each of nodes) each.look()
    await pass(LOST_MS + 100)
    expect(told).toHaveLength(1)
    for (const each of nodes) each.close()
  })

  test('has nobody told where that is switched off, or where no other edge is up', async () => {
    await registered('a', 'us')
    up = { eu: true, us: false }
    const off = new Rehoming({
      ...{ view: { ...emptyView(), edges: () => [edge('eu', true), edge('us', false)] }, store, clock, log },
      ...{ regions: { edge: () => 'sip:x' }, rate: () => undefined },
      tell: () => Promise.resolve(void told.push('off')),
    })
    off.look()
    up = { eu: false, us: false }
    const alone = node()
    alone.look()
    await pass(LOST_MS + 100)
    expect(told).toEqual([])
    off.close()
    alone.close()
  })

  test('is a line in the log where the database is away', async () => {
    store.failWhile((method) => method === 'devicesIn')
    const rehoming = node()
    up['us'] = false
    rehoming.look()
    await pass(LOST_MS + 100)
    expect(log.at('error')).toMatchObject([{ fields: { region: 'us' } }])
    rehoming.close()
  })
})

function emptyView(): RegionsView {
  return {
    ...{ names: ['eu', 'us'], domain: 'example.net', edges: () => [], media: () => [] },
    costs: () => costsOf([]),
  }
}
