import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chooseGateway } from '../../src/regions/choose-gateway.js'
import { chooseMedia, type MediaCandidate } from '../../src/regions/choose-media.js'
import { ACROSS, costsOf } from '../../src/regions/costs.js'
import { edgeFor, type Edge } from '../../src/regions/edge.js'
import { gatewayReason, mediaReasons } from '../../src/regions/reasons.js'
import { lostRegions } from '../../src/regions/regions.js'

const server = (region: string, more: Partial<MediaCandidate> = {}): MediaCandidate => ({
  region,
  up: true,
  full: false,
  load: 0,
  ...more,
})
const costs = costsOf([
  { from: 'eu', to: 'us', cost: 80 },
  { from: 'us', to: 'ap', cost: 170 },
  { from: 'ap', to: 'us', cost: 150 },
  { from: 'eu', to: 'ap', cost: 300 },
])

describe('the cost of a way', () => {
  test('is the same back where nothing else is said', () => {
    expect([costs.toServer('eu', 'us'), costs.toServer('us', 'eu')]).toEqual([80, 80])
    expect([costs.toServer('us', 'ap'), costs.toServer('ap', 'us')]).toEqual([170, 150])
  })

  test('is nothing within a region and 100 from one to another where nothing is said of them', () => {
    expect([costs.toServer('eu', 'eu'), costs.toServer('eu', 'sa')]).toEqual([0, ACROSS])
    expect(costsOf([{ from: 'eu', to: 'eu', cost: 7 }]).toServer('eu', 'eu')).toBe(7)
  })

  test('speaks against a server of no region, and is nothing from a place that is not known', () => {
    expect([costs.toServer('eu', undefined), costs.fromServer(undefined, 'eu')]).toEqual([ACROSS, ACROSS])
    expect([costs.toServer(undefined, 'eu'), costs.fromServer('eu', undefined)]).toEqual([0, 0])
  })
})

describe('the media of a call', () => {
  const all = [server('eu'), server('us'), server('ap')]

  test('stays in the region of both sides', () => {
    expect(chooseMedia({ caller: 'us', callees: ['us'] }, all, costs).region).toBe('us')
  })

  test('stays with the caller where nothing is known of who is called', () => {
    expect(chooseMedia({ caller: 'ap', callees: [] }, all, costs).region).toBe('ap')
  })

  test('goes where the whole way costs the least, be it by a third region', () => {
    // eu-us-ap: 80 + 170; straight on, 300.
    const { region, candidates } = chooseMedia({ caller: 'eu', callees: ['ap'] }, all, costs)
    expect(region).toBe('us')
    expect(candidates.map(({ region: name, cost }) => [name, cost])).toEqual([
      ['us', 250],
      ['eu', 300],
      ['ap', 300],
    ])
  })

  test('weighs destinations in several regions by their average', () => {
    expect(chooseMedia({ caller: 'eu', callees: ['us', 'us', 'ap'] }, all, costs).region).toBe('us')
  })

  test('goes to the region with less load where two cost the same, and else to the caller’s', () => {
    const ends = { caller: 'eu', callees: ['us'] }
    expect(chooseMedia(ends, all, costs).region).toBe('eu')
    expect(chooseMedia(ends, [server('us'), server('eu', { load: 3 })], costs).region).toBe('us')
  })

  test('goes by none that is away or takes no more, and names what is left, the best first', () => {
    const servers = [server('eu', { up: false }), server('us', { full: true }), server('ap'), server('sa')]
    const choice = chooseMedia({ caller: 'eu', callees: ['eu'] }, servers, costs)
    expect(choice.order).toEqual(['sa', 'ap'])
    expect(choice.candidates.map(({ state }) => state)).toEqual(['up', 'up', 'away', 'full'])
  })

  test('is in a region while one of its servers takes calls', () => {
    const servers = [server('eu', { up: false }), server('eu', { load: 9 }), server('us')]
    expect(chooseMedia({ caller: 'eu', callees: [] }, servers, costs).region).toBe('eu')
  })

  test('tells why it is where it is', () => {
    const ends = { caller: 'eu', callees: ['ap', 'ap'] }
    expect(mediaReasons(ends, chooseMedia(ends, [...all, server('sa', { up: false })], costs))).toEqual([
      'from eu to ap',
      'media in us: cost 250, load 0, chosen',
      'media in eu: cost 300, load 0',
      'media in ap: cost 300, load 0',
      'media in sa: away',
    ])
  })

  test('is never further than in any other region that takes calls', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const region = fc.constantFrom(...names)
    const some = fc.array(fc.record({ from: region, to: region, cost: fc.nat(300) }), { maxLength: 25 })
    const states = fc.array(fc.record({ up: fc.boolean(), full: fc.boolean(), load: fc.nat(9) }), {
      minLength: 5,
      maxLength: 5,
    })
    fc.assert(
      fc.property(some, states, region, region, (list, known, caller, callee) => {
        const table = costsOf(list)
        const servers = names.map((name, n) => server(name, known[n]))
        const way = (name: string): number => table.toServer(caller, name) + table.fromServer(name, callee)
        const taking = servers.filter(({ up, full }) => up && !full).flatMap(({ region: name }) => name ?? [])
        const chosen = chooseMedia({ caller, callees: [callee] }, servers, table).region
        if (taking.length === 0) return chosen === undefined
        return chosen !== undefined && way(chosen) === Math.min(...taking.map(way))
      }),
    )
  })
})

describe('the gateway of a call out', () => {
  const gateways = [
    { name: 'eu-1', region: 'eu', up: true },
    { name: 'us-1', region: 'us', up: true },
    { name: 'us-2', region: 'us', up: true },
  ]
  const leg = { media: 'eu', target: 'us', caller: undefined }

  test('is near its trunk where the way is the same', () => {
    expect(chooseGateway({ ...leg, target: 'ap' }, gateways, costs)).toMatchObject({
      gateway: 'us-1',
      cost: 250,
    })
  })

  test('is the one nearest to the trunk where the whole way costs the same', () => {
    expect(chooseGateway({ ...leg, caller: 'eu-1' }, gateways, costs).gateway).toBe('us-1')
  })

  test('is near the media where it is not known where the trunk is', () => {
    expect(chooseGateway({ ...leg, target: undefined }, gateways, costs).gateway).toBe('eu-1')
  })

  test('is the caller’s among equals', () => {
    const near = { media: 'us', target: 'us', caller: 'us-2' }
    expect(chooseGateway(near, gateways, costs).gateway).toBe('us-2')
  })

  test('is one that is up, and one that is away only where all are', () => {
    const [eu, ...us] = gateways
    const away = us.map((each) => ({ ...each, up: false }))
    expect(chooseGateway({ ...leg, media: 'us' }, [...(eu ? [eu] : []), ...away], costs).gateway).toBe('eu-1')
    expect(chooseGateway(leg, away, costs).gateway).toBe('us-1')
    expect(chooseGateway(leg, [], costs).gateway).toBeUndefined()
  })

  test('tells why it is that one', () => {
    expect(gatewayReason('eu', 'ap', chooseGateway({ ...leg, target: 'ap' }, gateways, costs))).toBe(
      'from media in eu to ap by us-1 in us: cost 250',
    )
  })
})

describe('the edge that an app is sent to', () => {
  const at = (port: number, protocol = 'udp') => ({ protocol, host: '192.0.2.1', port })
  const edge = (region: string, port: number, more: Partial<Edge> = {}): Edge => ({
    name: region,
    region,
    up: true,
    listening: [at(port)],
    ...more,
  })
  const eu = edge('eu', 1)
  const us = edge('us', 2)
  const ap = edge('ap', 3)

  test('is that of its region', () => {
    expect(edgeFor('us', [eu, us, ap], costs)).toBe('sip:192.0.2.1:2;transport=udp')
  })

  test('is the nearest that is up while that of its region is away', () => {
    expect(edgeFor('ap', [eu, us, { ...ap, up: false }], costs)).toBe('sip:192.0.2.1:2;transport=udp')
  })

  test('is the one that would rather be registered on, at the host that it is reached at', () => {
    const both = edge('eu', 1, { listening: [at(1), at(2, 'tls'), at(3, 'tcp')], advertise: '2001:db8::1' })
    expect(edgeFor('eu', [both, us], costs)).toBe('sip:[2001:db8::1]:2;transport=tls')
  })

  test('is not known before a server has said where it listens', () => {
    expect(edgeFor('eu', [{ ...eu, listening: [] }], costs)).toBeUndefined()
  })
})

describe('a region', () => {
  test('is lost while all of its gateways are away, if it has any', () => {
    const away = { name: 'eu-1', region: 'eu', up: false, listening: [] }
    expect(lostRegions(['eu', 'us'], [away])).toEqual(['eu'])
    expect(lostRegions(['eu', 'us'], [away, { ...away, name: 'eu-2', up: true }])).toEqual([])
  })
})
