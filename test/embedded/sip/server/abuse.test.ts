import { describe, expect, test } from 'vitest'
import { respond } from '../support/app.js'
import { Caller } from '../support/caller.js'
import type { Peer } from '../support/peer.js'
import { SDP } from '../support/text.js'
import { until, World } from '../support/world.js'

/** A small repeatable generator (mulberry32): a failure can be run again by its seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const SPLICES = [
  '\r\n',
  '\0',
  ';',
  ',',
  '"',
  '<',
  '>',
  '%',
  ':',
  ' ',
  '\t',
  '@',
  '-1',
  '99999999999999999999',
  'sip:',
  '\u00ff',
  'Content-Length: 9999\r\n',
  'Via: \r\n',
  '\r\n\r\n',
  ';tag=',
  'branch=',
  'SIP/2.0',
  '*',
  '[::1',
  '\\',
]

function mutate(message: string, random: () => number): Buffer {
  const bytes = Buffer.from(message)
  const pick = (n: number) => Math.floor(random() * n)
  let result = bytes
  for (let changes = 1 + pick(4); changes > 0; changes--) {
    const at = pick(result.length)
    switch (pick(5)) {
      case 0:
        result = Buffer.from(result)
        result[at] = pick(256)
        break
      case 1:
        result = Buffer.concat([
          result.subarray(0, at),
          result.subarray(Math.min(result.length, at + 1 + pick(40))),
        ])
        break
      case 2:
        result = Buffer.concat([
          result.subarray(0, at),
          Buffer.from(SPLICES[pick(SPLICES.length)] ?? ''),
          result.subarray(at),
        ])
        break
      case 3:
        result = result.subarray(0, Math.max(1, at))
        break
      default: {
        const from = pick(result.length)
        result = Buffer.concat([
          result.subarray(0, at),
          result.subarray(from, from + pick(60)),
          result.subarray(at),
        ])
      }
    }
  }
  return result
}

function samples(caller: Caller): string[] {
  return [
    caller.write('INVITE', {
      body: SDP,
      headers: ['Supported: timer, 100rel', 'Session-Expires: 1800;refresher=uac'],
    }),
    caller.write('OPTIONS'),
    caller.write('REGISTER', { headers: ['Expires: 60'] }),
    caller.write('BYE'),
    caller.write('CANCEL'),
    caller.write('ACK'),
    caller.write('PRACK', { headers: ['RAck: 1 1 INVITE'] }),
    caller.write('UPDATE', { body: SDP }),
    caller.write('SUBSCRIBE', { headers: ['Event: presence'] }),
    caller.write('INVITE').replace(/^INVITE.*\r\n/, 'SIP/2.0 200 OK\r\n'),
  ]
}

async function callWorks(peer: Peer): Promise<void> {
  const caller = new Caller(peer)
  caller.invite()
  const answer = await peer.next(({ status, raw }) => status === 200 && raw.includes(caller.callId), 'a 200')
  caller.learn(answer)
  caller.ack()
  caller.next('BYE')
  await peer.next(
    ({ status, cseq, raw }) => status === 200 && cseq.endsWith('BYE') && raw.includes(caller.callId),
  )
}

async function busyWorld(): Promise<World> {
  const world = await World.start({ limits: { partialMessage: 200 } })
  const app = await world.app()
  app.answerAll({ localSdp: SDP })
  for (const method of ['register', 'options', 'subscribe']) {
    app.srf.use(method, (_, res) => void respond(res, 200).catch(() => undefined))
  }
  return world
}

test.each([1, 2])('3,000 mutated datagrams (seed %i) leave the server serving', async (seed) => {
  const world = await busyWorld()
  const random = generator(seed)
  const attacker = await world.udp()
  for (let i = 0; i < 3_000; i++) {
    const kinds = samples(new Caller(attacker))
    attacker.send(mutate(kinds[i % kinds.length] ?? '', random))
    // Lets the sockets drain, or most of it would be dropped by the kernel.
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await callWorks(await world.udp())
  expect(world.server.stats().malformed).toBeGreaterThan(100)
  expect(world.faults).toEqual([])
})

test('2,000 mutated messages over connections leave the server serving', async () => {
  const world = await busyWorld()
  const random = generator(7)
  let attacker = await world.tcp()
  for (let i = 0; i < 2_000; i++) {
    if (attacker.closed) attacker = await world.tcp()
    const kinds = samples(new Caller(attacker))
    attacker.send(mutate(kinds[i % kinds.length] ?? '', random))
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await callWorks(await world.tcp())
  expect(world.faults).toEqual([])
})

describe('limits', () => {
  test('transactions beyond the limit get 503 with Retry-After, and the server recovers', async () => {
    const world = await World.start({ limits: { transactions: 5 } })
    const app = await world.app()
    const options = app.take('options')
    const peer = await world.udp()
    for (let i = 0; i < 5; i++) new Caller(peer).send('OPTIONS')
    const offers = []
    for (let i = 0; i < 5; i++) offers.push(await options.next())
    new Caller(peer).send('OPTIONS')
    expect(Number((await peer.status(503)).get('retry-after'))).toBeGreaterThan(0)
    for (const { res } of offers) await respond(res, 200)
    await until(() => world.server.stats().transactions.server === 0, 'the end of the transactions')
    new Caller(peer).send('OPTIONS')
    await respond((await options.next()).res, 200)
    expect(world.server.stats().refused).toBe(1)
  })

  test('dialogs beyond the limit get 503', async () => {
    const world = await World.start({ limits: { dialogs: 1 } })
    const app = await world.app()
    app.answerAll({ localSdp: SDP })
    const peer = await world.udp()
    await new Caller(peer).establish()
    new Caller(peer).invite()
    await peer.status(503)
    await expect(app.call(world.uri(peer), { localSdp: SDP }).dialog).rejects.toThrow('too many dialogs')
  })

  test('datagrams beyond the limit are dropped', async () => {
    const world = await World.start({ limits: { messageBytes: 1000 } })
    const peer = await world.udp()
    new Caller(peer).send('OPTIONS', { headers: [`X-Fill: ${'x'.repeat(1000)}`] })
    await until(() => world.server.stats().malformed === 1, 'the drop')
    expect(peer.all).toHaveLength(0)
  })
})

test('a fault handler that throws does no harm', async () => {
  const world = await World.start({
    onFault: () => {
      throw new Error('from the handler')
    },
  })
  const app = await world.app()
  app.answerAll({ localSdp: SDP })
  await callWorks(await world.udp())
})

test('closing the server leaves no socket, timer or app behind', async () => {
  const world = await busyWorld()
  const peer = await world.tcp()
  const caller = new Caller(peer)
  await caller.establish()
  new Caller(peer).invite()
  await Promise.all([world.server.close(), world.server.close()])
  expect(world.server.stats()).toMatchObject({ apps: 0, connections: 0, timers: 0 })
  await until(() => peer.closed, 'the end of the connection')
})
