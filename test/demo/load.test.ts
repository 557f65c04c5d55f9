import { afterEach, describe, expect, it } from 'vitest'
import { PushService } from '../../src/demo/index.js'
import { ticker } from '../../src/demo/rtp/ticker.js'
import { LoadPlayer, type LoadOptions } from '../support/load.js'
import { WakingServer } from '../support/sip/waking-server.js'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function setUp(
  options: Pick<LoadOptions, 'protocol' | 'phones'> & Partial<LoadOptions>,
): Promise<LoadPlayer> {
  const push = await PushService.open()
  const server = await WakingServer.open({ protocol: options.protocol, pushUrl: push.url, t1: 500 })
  open.push(push, server)
  const player = await LoadPlayer.prepare({
    server: server.address,
    domain: '127.0.0.1',
    push,
    provider: 'acme',
    phone: (n) => ({ user: `u${n}`, token: `tok${n}`, uri: `sip:u${n}@127.0.0.1` }),
    ...options,
  })
  open.push(player)
  return player
}

describe('the load player', () => {
  it.each([
    ['udp', 'own'],
    ['udp', 'shared'],
    ['tcp', 'own'],
  ] as const)('plays overlapping calls over %s with %s sockets, each complete', async (protocol, sockets) => {
    const player = await setUp({ protocol, sockets, phones: 20 })
    const report = await player.run({ calls: 20, perSecond: 40, packets: 10, answerAfterMs: 20 })
    expect(report.failures).toEqual([])
    expect(report).toMatchObject({ started: 20, completed: 20 })
    expect(report.peak).toBeGreaterThan(1)
    expect(report.stages.ended?.p50).toBeGreaterThan(report.stages.answered?.p50 ?? Infinity)
    expect(ticker.running).toBe(false)
  })

  it('counts the calls that fail, and where', async () => {
    const player = await setUp({
      protocol: 'udp',
      phones: 2,
      phone: (n) => ({ user: `u${n}`, token: `t${n}`, uri: `sip:nobody@127.0.0.1` }),
    })
    const report = await player.run({ calls: 2, perSecond: 50 })
    expect(report).toMatchObject({ started: 2, completed: 0 })
    expect(report.failures).toEqual([
      { call: 0, stage: 'pushed', reason: '404 Not Found' },
      { call: 1, stage: 'pushed', reason: '404 Not Found' },
    ])
  })
})
