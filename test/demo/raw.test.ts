import { describe, expect, it } from 'vitest'
import { Caller } from '../../src/demo/index.js'
import { mutated } from '../support/sip/mutate.js'
import { openRawPeer } from '../support/sip/raw-peer.js'

const options = Buffer.from(
  [
    'OPTIONS sip:x@127.0.0.1 SIP/2.0',
    'Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKraw;rport',
    'From: <sip:raw@127.0.0.1>;tag=1',
    'To: <sip:x@127.0.0.1>',
    'Call-ID: raw',
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n'),
)

describe.each(['udp', 'tcp'] as const)('a raw peer over %s', (protocol) => {
  it('sends spoiled messages; the player lives and answers the next sound one', async () => {
    const player = await Caller.open({
      user: 'x',
      protocol,
      proxy: { host: '127.0.0.1', port: 9 },
      timers: { t1: 5 },
    })
    if (protocol === 'udp') {
      const noise = await openRawPeer(protocol, player.peer.local)
      for (const bytes of mutated([options], 500, 1)) await noise.send(bytes)
      await noise.close()
    }
    const raw = await openRawPeer(protocol, player.peer.local)
    await raw.send(options.toString('latin1').replace('z9hG4bKraw', 'z9hG4bKsound'), [1, 30, 80])
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 OK\r\n/)
    // A datagram is handled before the next one.
    if (protocol === 'udp') expect(player.peer.faults.length).toBeGreaterThan(0)
    await raw.close()
    await player.close()
  })
})

describe('spoiled messages', () => {
  it('are the same for the same seed, and most differ from the original', () => {
    const all = (seed: number): string[] =>
      [...mutated([options], 300, seed)].map((bytes) => bytes.toString('latin1'))
    expect(all(5)).toEqual(all(5))
    expect(all(5)).not.toEqual(all(6))
    expect(all(5).filter((text) => text !== options.toString('latin1')).length).toBeGreaterThan(270)
  })
})
