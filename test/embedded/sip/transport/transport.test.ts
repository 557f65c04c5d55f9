import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { settingsOf } from '../../../../src/embedded/sip/options.js'
import { TimerSet } from '../../../../src/embedded/sip/timer-set.js'
import { bindAll } from '../../../../src/embedded/sip/transport/bind.js'
import {
  advertisedAddress,
  isPrivateIPv4,
  pickPoint,
} from '../../../../src/embedded/sip/transport/local-address.js'
import { Resolver, targetOf } from '../../../../src/embedded/sip/transport/resolve.js'
import type { ListeningPoint, TransportEvents } from '../../../../src/embedded/sip/transport/transport.js'
import { Transports } from '../../../../src/embedded/sip/transport/transports.js'

const events: TransportEvents = {
  message: () => undefined,
  broken: () => undefined,
  keepAlive: () => undefined,
  sendFailed: () => undefined,
  handshakeFailed: () => undefined,
  fault: () => undefined,
}
const deps = { events, limits: settingsOf({ listen: [] }).limits, timers: new TimerSet(() => undefined) }
const bound: ListeningPoint[] = []

afterEach(async () => {
  await Promise.all(bound.splice(0).map((point) => point.close()))
})

async function bind(...listen: Parameters<typeof bindAll>[0]): Promise<ListeningPoint[]> {
  const points = await bindAll(listen, deps)
  bound.push(...points)
  return points
}

const HOST = '127.0.0.1'

describe('listening', () => {
  test('UDP and TCP on any port get the same number', async () => {
    const points = await bind(
      { protocol: 'udp', host: HOST, port: 0 },
      { protocol: 'tcp', host: HOST, port: 0 },
    )
    expect(points.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp'])
    expect(points[0]?.port).toBe(points[1]?.port)
  })

  test('a port that is taken is an error, and what was bound before is given back', async () => {
    const other = createSocket('udp4')
    other.bind(0, HOST)
    await once(other, 'listening')
    const { port } = other.address()
    await expect(
      bindAll(
        [
          { protocol: 'tcp', host: HOST, port },
          { protocol: 'udp', host: HOST, port },
        ],
        deps,
      ),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await bind({ protocol: 'tcp', host: HOST, port })
    other.close()
  })

  test('peers are told the advertised address', async () => {
    const [point] = await bind({
      protocol: 'tcp',
      host: HOST,
      port: 0,
      advertise: { host: 'sip.example.com', port: 5080 },
    })
    if (!point) throw new Error('not bound')
    const transports = new Transports([point], new Resolver({ srv: noRecords, addresses: noAddresses }, 1000))
    expect(transports.hostPorts()).toEqual(['tcp/sip.example.com:5080'])
    expect(transports.localHostPorts()).toEqual([`tcp/127.0.0.1:${point.port}`])
    expect(transports.contact(point.flowTo({ address: HOST, port: 9 }))).toBe(
      '<sip:sip.example.com:5080;transport=tcp>',
    )
    expect(transports.isOwn('sip:x@SIP.example.com:5080')).toBe(true)
    expect(transports.isOwn(`sip:x@127.0.0.1:${point.port}`)).toBe(true)
    expect(transports.isOwn('sip:x@sip.example.com')).toBe(false)
  })

  test('on a wildcard the address of the interface toward the peer is named', async () => {
    const [point] = await bind({ protocol: 'udp', host: '0.0.0.0', port: 0 })
    if (!point) throw new Error('not bound')
    expect(advertisedAddress(point, '127.0.0.1')).toEqual({ host: '127.0.0.1', port: point.port })
    expect(advertisedAddress(point, '127.0.0.1').host).not.toBe('0.0.0.0')
    expect(pickPoint([point], '192.0.2.1')).toBe(point)
  })
})

const noRecords = () => Promise.reject(new Error('ENODATA'))
const noAddresses = () => Promise.resolve<string[]>([])

describe('next hops', () => {
  test('say their transport, or are UDP', () => {
    expect(targetOf('sip:a@b')).toEqual({ protocol: 'udp', host: 'b' })
    expect(targetOf('sip:a@b:5080;transport=TCP')).toEqual({ protocol: 'tcp', host: 'b', port: 5080 })
    expect(targetOf('sips:a@b')).toEqual({ protocol: 'tls', host: 'b' })
    expect(targetOf('sip:a@b;transport=WS')).toEqual({ protocol: 'ws', host: 'b' })
    expect(targetOf('sips:a@b;transport=ws')).toEqual({ protocol: 'wss', host: 'b' })
    expect(targetOf('sip:a@b;maddr=192.0.2.1')).toEqual({ protocol: 'udp', host: '192.0.2.1' })
    expect(targetOf('tel:+1')).toBeUndefined()
  })

  test('of WebSocket clients are not looked up, for their names are made up', async () => {
    const [point] = await bind({ protocol: 'ws', host: HOST, port: 0 })
    const asked: string[] = []
    const addresses = (name: string) => {
      asked.push(name)
      return Promise.resolve([HOST])
    }
    const transports = new Transports(point ? [point] : [], new Resolver({ srv: noRecords, addresses }, 1000))
    expect(transports.flowTo('sip:a@made-up.invalid;transport=ws')).toMatchObject({ open: false })
    expect(transports.flowTo('sip:a@made-up.invalid;transport=tls')).toBeUndefined()
    expect(asked).toEqual([])
  })

  test('that are numbers need no lookup', () => {
    const resolver = new Resolver({ srv: noRecords, addresses: noAddresses }, 1000)
    expect(resolver.resolve({ protocol: 'udp', host: '192.0.2.1' })).toEqual({
      address: '192.0.2.1',
      port: 5060,
    })
    expect(resolver.resolve({ protocol: 'tls', host: '2001:db8::1' })).toEqual({
      address: '2001:db8::1',
      port: 5061,
    })
  })

  test('without a port are looked up by SRV, lowest priority first, then by address', async () => {
    const asked: string[] = []
    const resolver = new Resolver(
      {
        srv: (name) => {
          asked.push(name)
          return Promise.resolve([
            { name: 'backup.example.com', port: 5070, priority: 20, weight: 0 },
            { name: 'dead.example.com', port: 5080, priority: 5, weight: 0 },
            { name: 'main.example.com', port: 5090, priority: 10, weight: 0 },
          ])
        },
        addresses: (name) =>
          name === 'dead.example.com'
            ? Promise.reject(new Error('ENOTFOUND'))
            : Promise.resolve([`ip of ${name}`]),
      },
      1000,
    )
    const target = { protocol: 'tcp', host: 'example.com' }
    const [first, second] = await Promise.all([resolver.resolve(target), resolver.resolve(target)])
    expect(first).toEqual({ address: 'ip of main.example.com', port: 5090 })
    expect(second).toEqual(first)
    expect(asked).toEqual(['_sip._tcp.example.com'])
    // Known now, and therefore answered at once.
    expect(resolver.resolve(target)).toEqual(first)
  })

  test('with a port need no SRV', async () => {
    const resolver = new Resolver({ srv: noRecords, addresses: () => Promise.resolve(['192.0.2.8']) }, 1000)
    expect(await resolver.resolve({ protocol: 'udp', host: 'x', port: 99 })).toEqual({
      address: '192.0.2.8',
      port: 99,
    })
  })

  test('that nobody answers for in time are given up', async () => {
    const never = () => new Promise<never>(() => undefined)
    const resolver = new Resolver({ srv: never, addresses: never }, 10)
    await expect(resolver.resolve({ protocol: 'udp', host: 'slow.example.com' })).rejects.toThrow('in time')
  })
})

test('private addresses are those of RFC 1918', () => {
  expect(['10.1.1.1', '172.16.0.1', '172.31.9.9', '192.168.0.1'].every(isPrivateIPv4)).toBe(true)
  expect(
    ['11.1.1.1', '172.15.0.1', '172.32.0.1', '192.169.0.1', 'example.com', '::1'].some(isPrivateIPv4),
  ).toBe(false)
})
