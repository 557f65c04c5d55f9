import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it } from 'vitest'
import { afterExactly, Delays } from '../../src/demo/delay.js'
import { RtpPeer } from '../../src/demo/index.js'

const open: { close(): Promise<void> }[] = []
afterEach(() => Promise.all(open.splice(0).map((one) => one.close())))

describe('an artificial delay', () => {
  it('is never shorter than asked for', async () => {
    const early: number[] = []
    await Promise.all(
      [0, 0.4, 1, 2.2, 10.5, 20].map(async (delayMs) => {
        const asked = performance.now()
        await new Promise<void>((resolve) => afterExactly(delayMs, resolve))
        const took = performance.now() - asked
        if (took < delayMs) early.push(took)
      }),
    )
    expect(early).toEqual([])
  })

  it('keeps the order of what goes the same way', async () => {
    const arrived: number[] = []
    const sent = Array.from({ length: 200 }, (_, n) => n)
    await Promise.all(
      sent.map(
        (n) =>
          new Promise<void>((resolve) => {
            afterExactly(5, () => {
              arrived.push(n)
              resolve()
            })
          }),
      ),
    )
    expect(arrived).toEqual(sent)
  })

  it('carries nothing any more once it was cleared', async () => {
    const delays = new Delays()
    const arrived: string[] = []
    delays.after(1, () => arrived.push('early'))
    delays.after(10, () => arrived.push('late'))
    expect(delays.size).toBe(2)
    delays.clear()
    expect(delays.size).toBe(0)
    await new Promise<void>((resolve) => afterExactly(20, resolve))
    expect(arrived).toEqual([])
  })
})

describe('the sound of a phone behind a slow link', () => {
  it('arrives late both ways, and each packet once', async () => {
    const echo = createSocket('udp4').bind(0, '127.0.0.1')
    await once(echo, 'listening')
    echo.on('message', (bytes, from) => echo.send(bytes, from.port, from.address))
    open.push({ close: () => new Promise((resolve) => echo.close(() => resolve())) })
    const peer = await RtpPeer.open({ hz: 1000, delayMs: 30 })
    open.push(peer)
    const sentAt = performance.timeOrigin + performance.now()
    peer.understand(new Map([[0, { name: 'PCMU', clockRate: 8000 }]]))
    const first = peer.receiver.next('echo', (packet) => packet.ssrc === peer.sender.ssrc)
    peer.sendTo(
      { host: '127.0.0.1', port: echo.address().port },
      { codec: 'PCMU', payloadType: 0, clockRate: 8000, eventType: undefined },
    )
    const { at } = await first
    expect(at - sentAt).toBeGreaterThanOrEqual(60)
    const { continuity } = await peer.receiver.until('five packets', ({ packets }) => packets >= 5)
    expect(continuity).toMatchObject({ duplicates: 0, lost: 0 })
  })
})
