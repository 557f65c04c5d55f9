import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebrtcPhone, type WebrtcPhoneOptions } from '../../../support/webrtc-phone.js'
import { Bench } from '../support/bench.js'
import { encodeRtp } from '../support/peer.js'

const phones: WebrtcPhone[] = []
afterEach(() => Promise.all(phones.splice(0).map((phone) => phone.close())))

function browser(options: WebrtcPhoneOptions = {}): WebrtcPhone {
  const phone = new WebrtcPhone(options)
  phones.push(phone)
  return phone
}

/** A browser that called. */
async function calling(bench: Bench, options: WebrtcPhoneOptions = {}) {
  const phone = browser(options)
  const endpoint = await bench.core.create({ remoteSdp: await phone.offer() })
  await phone.accept(endpoint.localSdp)
  return { phone, ...endpoint }
}

/** A browser that was called. */
async function called(bench: Bench, options: WebrtcPhoneOptions = {}, joinable?: string) {
  const phone = browser(options)
  const params = { carriage: 'webrtc', ...(joinable !== undefined && { joinable }) } as const
  const { id, localSdp } = await bench.core.create(params)
  bench.core.accept(id, await phone.answer(localSdp))
  return { phone, id }
}

const port = (sdp: string) => Number(/^m=audio (\d+)/m.exec(sdp)?.[1])

describe('a browser', () => {
  it('that calls hears a tone from its beginning, once its keys are there', async () => {
    const bench = new Bench()
    const { phone, id } = await calling(bench)
    await bench.core.play(id, { kind: 'ringback', country: 'us' })
    await phone.receiver.hearing?.hears([440, 480])
    const counters = await bench.counted(id, 'packetsIn', 10)
    expect(counters).toMatchObject({ invalidIn: 0, foreignIn: 0, lost: 0, unknownPayloadIn: 0 })
  })

  it('and a phone in the clear hear each other, in whichever law each speaks', async () => {
    const bench = new Bench()
    const { phone, id } = await calling(bench, { hz: 600, codec: 'PCMA' })
    const plain = await bench.callee({ codecs: ['0'] }, { joinable: id })
    bench.core.join(id, plain.id)
    const heard = await plain.peer.hears(20)
    expect(new Set(heard.map(({ payloadType }) => payloadType))).toEqual(new Set([0]))
    plain.peer.say({ sequence: 1, timestamp: 160 })
    await phone.receiver.until('what the phone said', ({ packets }) => packets > 0)
    expect(bench.core.stats().tones).toBe(0)
  })

  it('that is called and one that calls hear each other', async () => {
    const bench = new Bench()
    const a = await calling(bench, { hz: 600 })
    const b = await called(bench, { hz: 1000 }, a.id)
    bench.core.join(a.id, b.id)
    await Promise.all([a.phone.receiver.hearing?.hears([1000]), b.phone.receiver.hearing?.hears([600])])
  })

  it('is told by reports what of it was heard', async () => {
    const bench = new Bench({ rtcpIntervalMs: 100 })
    const { id } = await calling(bench)
    const both = () => {
      const { rtcpIn, rtcpOut, rtcpRefused } = bench.core.counters(id)
      return { heard: rtcpIn > 0, told: rtcpOut > 0, refused: rtcpRefused }
    }
    await expect.poll(both, { interval: 5, timeout: 10_000 }).toEqual({ heard: true, told: true, refused: 0 })
  })

  it('goes on after a hold, on the keys that it had', async () => {
    const bench = new Bench()
    const { phone, id } = await calling(bench)
    await bench.counted(id, 'packetsIn', 5)
    bench.core.modify(id, (await phone.offer()).replace(/^a=sendrecv/m, 'a=inactive'))
    await bench.counted(id, 'unwantedIn', 5)
    const before = bench.core.counters(id).packetsIn
    bench.core.modify(id, await phone.offer())
    await bench.counted(id, 'packetsIn', before + 5)
  })

  it('alone is served at its port: nobody else is answered, counted as heard or passed on', async () => {
    const bench = new Bench()
    const { id, localSdp } = await calling(bench)
    await bench.counted(id, 'packetsIn', 5)
    const stranger = createSocket('udp4')
    stranger.bind(0, '127.0.0.1')
    await once(stranger, 'listening')
    const heard: Buffer[] = []
    stranger.on('message', (packet) => heard.push(packet))
    const { invalidIn } = bench.core.counters(id)
    const forged = [
      encodeRtp({ sequence: 1, timestamp: 1 }),
      Buffer.from('16fefd0000000000000000000100', 'hex'),
      Buffer.alloc(40),
      Buffer.from([200]),
      Buffer.alloc(0),
    ]
    for (const packet of forged) stranger.send(packet, port(localSdp), '127.0.0.1')
    const counters = await bench.counted(id, 'invalidIn', invalidIn + forged.length - 1)
    expect(counters.foreignIn).toBe(0)
    expect(counters.lost).toBe(0)
    expect(heard).toEqual([])
    await new Promise<void>((resolve) => stranger.close(() => resolve()))
  })

  it('that never shows itself is reported as silent, and leaves no timer', async () => {
    const bench = new Bench({ mediaTimeoutMs: 100 })
    const shy = browser()
    await bench.core.create({ remoteSdp: await shy.offer() })
    expect((await bench.event('media-timeout')).detail.everReceived).toBe(false)
  })

  it('whose certificate is another than it described is not heard, and hears nothing', async () => {
    const bench = new Bench({ mediaTimeoutMs: 1500 })
    const phone = browser()
    const offer = (await phone.offer()).replace(/^(a=fingerprint:sha-256 ).*$/m, `$1${'AB:'.repeat(31)}AB`)
    const { id, localSdp } = await bench.core.create({ remoteSdp: offer })
    await phone.accept(localSdp)
    await bench.core.play(id, { kind: 'ringback', country: 'us' })
    await bench.counted(id, 'invalidIn', 1)
    expect((await bench.event('media-timeout')).detail.everReceived).toBe(false)
    expect(bench.core.counters(id)).toMatchObject({ packetsIn: 0, packetsOut: 0 })
    expect(phone.receiver.received.packets).toBe(0)
  })

  it('gives its port back, in the midst of a handshake too', async () => {
    const bench = new Bench()
    const { id } = await calling(bench)
    // The handshake begins with the next packets.
    await bench.core.remove(id)
    const later = await calling(bench)
    await bench.counted(later.id, 'packetsIn', 1)
    await bench.core.remove(later.id)
    expect(bench.core.stats()).toMatchObject({ endpoints: 0, portsInUse: 0, timers: 0 })
  })
})
