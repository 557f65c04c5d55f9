import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MediaSession, type MediaOptions } from '../../../src/demo/media-session.js'
import { startSipServer } from '../../../src/embedded/sip/index.js'
import type { MediaEndpoint, MediaEndpointOptions, MediaTransport } from '../../../src/ports/media.js'
import type { MediaUnderTest } from '../../contract/media.contract.js'
import { ask, channelsOf } from './ask.js'
import { enginesNamed, type NamedEngines, openRealMedia } from './engines.js'

const failed = (code: string) => expect.objectContaining({ name: 'MediaError', code }) as Error
const engines = enginesNamed()

/** Looks again and again; the test's own time is the limit. */
async function eventually(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe.skipIf(engines === undefined)('FreeSWITCH', () => {
  const named = engines as NamedEngines
  let under: MediaUnderTest
  const phones: MediaSession[] = []
  const endpoints: MediaEndpoint[] = []
  beforeAll(async () => (under = await openRealMedia(named, { mediaTimeoutMs: 600 })))
  afterAll(() => under.close())
  afterEach(async () => {
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
    await Promise.all(phones.splice(0).map((phone) => phone.close()))
  })

  const make = async (options: MediaEndpointOptions = {}, media = under.media): Promise<MediaEndpoint> => {
    const endpoint = await media.endpoint(options)
    endpoints.push(endpoint)
    return endpoint
  }
  const called = async (options: MediaOptions = {}, more: MediaEndpointOptions = {}, media = under.media) => {
    const phone = await MediaSession.open(options)
    phones.push(phone)
    const endpoint = await make({ offer: phone.offer(), ...more }, media)
    expect(phone.accept(endpoint.localSdp)).toBe(true)
    return { phone, endpoint }
  }
  /** Waits until FreeSWITCH lists a channel of each of these endpoints, which it does a little late. */
  const present = async (ids: readonly string[]): Promise<readonly string[]> => {
    let found: readonly string[] = []
    await eventually(async () => (found = await channelsOf(named.freeswitch, ids)).length === ids.length)
    return found
  }
  /** Waits until FreeSWITCH has no channel of these endpoints any more. */
  const freed = async (ids: readonly string[]): Promise<void> => {
    await eventually(async () => (await channelsOf(named.freeswitch, ids)).length === 0)
  }
  /** Two legs of FreeSWITCH that face each other: one offers, the other answers as a phone of that kind would. */
  const facing = async (transport: MediaTransport, shape = (offer: string) => offer) => {
    const near = await called({ hz: 600, codecs: ['PCMU', 'telephone-event'] })
    const far = await called({ hz: 1000, codecs: ['PCMA', 'telephone-event'] })
    const offering = await make({ transport, offerLike: near.endpoint })
    const answering = await make({ offer: shape(offering.localSdp), offerLike: far.endpoint })
    return { near, far, offering, answering }
  }
  const heardThrough = async ({ near, far, offering, answering }: Awaited<ReturnType<typeof facing>>) => {
    await offering.accept(answering.localSdp)
    await Promise.all([near.endpoint.join(offering), far.endpoint.join(answering)])
    await Promise.all([
      near.phone.rtp.receiver.hearing?.hears([1000]),
      far.phone.rtp.receiver.hearing?.hears([600]),
    ])
  }

  it('carries a call over WebRTC, offered and answered, with DTLS and ICE', async () => {
    const call = await facing('webrtc')
    expect(call.offering.localSdp).toMatch(/^m=audio \d+ UDP\/TLS\/RTP\/SAVPF /m)
    expect(call.offering.localSdp).toMatch(/^a=setup:actpass/m)
    expect(call.answering.localSdp).toMatch(/^a=setup:active/m)
    await heardThrough(call)
  })

  it('plays to a WebRTC phone what it was asked to play before the handshake', async () => {
    const { near, offering, answering } = await facing('webrtc')
    await answering.play({ kind: 'ringback', country: 'us' })
    await offering.accept(answering.localSdp)
    await near.endpoint.join(offering)
    await near.phone.rtp.receiver.hearing?.hears([440, 480])
  })

  it('performs for a WebRTC phone, from the handshake on, what it was asked to before', async () => {
    const { near, offering, answering } = await facing('webrtc')
    const performing = answering.perform([{ kind: 'ringback', country: 'gb' }], { times: 1 })
    await offering.accept(answering.localSdp)
    await near.endpoint.join(offering)
    await near.phone.rtp.receiver.hearing?.hears([400, 450])
    expect(await performing).toBe('finished')
  })

  it('plays no path that FreeSWITCH would take for a command, and goes on', async () => {
    const { phone, endpoint } = await called()
    await endpoint.play({ kind: 'ringback', country: 'us' })
    const path = '/tmp/${uuid_kill ${uuid}}.wav'
    await expect(endpoint.perform([{ kind: 'file', path }], { times: 1 })).rejects.toEqual(
      failed('not-acceptable'),
    )
    await expect(endpoint.play({ kind: 'file', path })).rejects.toEqual(failed('not-acceptable'))
    await phone.rtp.receiver.hearing?.hears([440, 480])
  })

  it('carries a call over SRTP with keys in the SDP, offered and answered', async () => {
    const call = await facing('srtp')
    expect(call.offering.localSdp).toMatch(/^m=audio \d+ RTP\/SAVP /m)
    expect(call.offering.localSdp.match(/^m=/gm)).toHaveLength(1)
    expect(call.answering.localSdp).toMatch(/^a=crypto:/m)
    await heardThrough(call)
  })

  it('transcodes between Opus and G.711', async () => {
    const opusOnly = (offer: string) => offer.replace(/^(m=audio \d+ \S+) .*$/m, '$1 102 103')
    const call = await facing('rtp', opusOnly)
    expect(call.answering.localSdp).toMatch(/^a=rtpmap:102 opus\/48000\/2/m)
    await heardThrough(call)
  })

  it('refuses codecs that it does not have, also within a session, which goes on', async () => {
    const strange = (sdp: string) =>
      sdp.replace(/^a=rtpmap.*\r\n/gm, '').replace(/^(m=audio \d+ \S+) .*$/m, '$1 99') +
      'a=rtpmap:99 x-none/8000\r\n'
    const { phone, endpoint } = await called()
    await expect(under.media.endpoint({ offer: strange(phone.offer()) })).rejects.toEqual(
      failed('not-acceptable'),
    )
    const before = endpoint.localSdp
    const keyless = phone.offer().replace('RTP/AVP', 'RTP/SAVP')
    await expect(endpoint.modify(keyless)).rejects.toEqual(failed('not-acceptable'))
    await expect(endpoint.modify(strange(phone.offer()))).rejects.toEqual(failed('not-acceptable'))
    expect(endpoint.localSdp).toBe(before)
    await endpoint.play({ kind: 'ringback', country: 'us' })
    await phone.rtp.receiver.hearing?.hears([440, 480])
    expect(phone.accept(await endpoint.modify(phone.offer()))).toBe(true)
  })

  it('has no channel left of endpoints that are closed, of any kind', async () => {
    const calls = [await facing('rtp'), await facing('srtp'), await facing('webrtc')]
    const all = calls.flatMap(({ near, far, offering, answering }) => [
      ...[near.endpoint, far.endpoint, offering, answering],
    ])
    const ids = all.map(({ id }) => id)
    await present(ids)
    await Promise.all(all.map((endpoint) => endpoint.close()))
    await freed(ids)
  })

  it('has no channel left of an engine that was closed while its endpoints were closing', async () => {
    const own = await openRealMedia(named)
    const a = await called({}, {}, own.media)
    const b = await called({}, { offerLike: a.endpoint }, own.media)
    await a.endpoint.join(b.endpoint)
    const unjoined = await make({}, own.media)
    const ids = [a.endpoint.id, b.endpoint.id, unjoined.id]
    await present(ids)
    void a.endpoint.close()
    await own.close()
    await freed(ids)
  })

  it('tells an endpoint once that FreeSWITCH hung up on it, and why', async () => {
    const heard: string[] = []
    let over: () => void = () => undefined
    const lost = new Promise<void>((resolve) => (over = resolve))
    const events = {
      timeout: () => heard.push('timeout'),
      lost: () => {
        heard.push('lost')
        over()
      },
    }
    const { endpoint } = await called({}, { events })
    const [uuid = ''] = await present([endpoint.id])
    await ask(named.freeswitch, `uuid_kill ${uuid} MEDIA_TIMEOUT`)
    await lost
    await expect(endpoint.play({ kind: 'silence' })).rejects.toEqual(failed('lost'))
    await freed([endpoint.id])
    expect(heard).toEqual(['timeout', 'lost'])
  })

  it('leaves a side alone whose other side goes right after they were joined', async () => {
    let lost = 0
    const events = { lost: () => (lost += 1) }
    const stays = await called({}, { events })
    for (let n = 0; n < 8; n++) {
      const goes = await called({}, { offerLike: stays.endpoint })
      // The order decides which of the two FreeSWITCH makes the bridge with.
      await (n % 2 === 0 ? stays.endpoint.join(goes.endpoint) : goes.endpoint.join(stays.endpoint))
      await goes.endpoint.close()
    }
    await stays.endpoint.play({ kind: 'ringback', country: 'us' })
    await stays.phone.rtp.receiver.hearing?.hears([440, 480])
    expect(lost).toBe(0)
  })

  it('tells of a joined side that falls silent, and leaves it alone', async () => {
    let told: () => void = () => undefined
    const silent = new Promise<void>((resolve) => (told = resolve))
    const a = await called({ hz: 600 }, { events: { timeout: () => told() } })
    const b = await called({ hz: 1000 }, { offerLike: a.endpoint })
    await a.endpoint.join(b.endpoint)
    await b.phone.rtp.receiver.hearing?.hears([600])
    a.phone.rtp.stopSending()
    await silent
    await a.phone.rtp.receiver.hearing?.hears([1000])
  })

  it('frees the channels of a connection that broke, and takes calls again', async () => {
    const own = await openRealMedia(named)
    try {
      const a = await called({}, {}, own.media)
      const b = await make({ offerLike: a.endpoint }, own.media)
      await present([a.endpoint.id, b.id])
      await own.breakEngine()
      await freed([a.endpoint.id, b.id])
      await expect(own.media.endpoint({})).rejects.toEqual(failed('lost'))
      own.mendEngine?.()
      await eventually(async () => {
        const again = await own.media.endpoint({}).catch(() => undefined)
        await again?.close()
        return again !== undefined
      })
    } finally {
      await own.close()
    }
  })

  it('joins endpoints of one server only, and puts both sides of a call on one', async () => {
    const { host, port, secret } = named.freeswitch
    const server = { host, port, secret, profile: 'drachtio_mrf' }
    const own = await openRealMedia(named, {
      servers: [
        { ...server, name: 'a', weight: 1 },
        { ...server, name: 'b', weight: 1 },
        { ...server, name: 'drained', weight: 0 },
      ],
    })
    try {
      const first = await called({}, {}, own.media)
      const second = await called({}, {}, own.media)
      await expect(first.endpoint.join(second.endpoint)).rejects.toEqual(failed('not-acceptable'))
      const beside = await called({}, { offerLike: first.endpoint }, own.media)
      await first.endpoint.join(beside.endpoint)
      expect((await own.media.gauges()).endpoints).toBe(3)
    } finally {
      await own.close()
    }
  })

  it('is reached through the embedded SIP server as well', async () => {
    const sip = await startSipServer({
      control: {},
      listen: [{ protocol: 'udp', host: '127.0.0.1', port: 0 }],
      onFault: () => undefined,
    })
    const own = await openRealMedia(named, { signaling: [{ name: 'embedded', ...sip.control }] })
    try {
      const a = await called({ hz: 600 }, {}, own.media)
      await a.endpoint.play({ kind: 'ringback', country: 'us' })
      await a.phone.rtp.receiver.hearing?.hears([440, 480])
      const phone = await MediaSession.open({ hz: 1000 })
      phones.push(phone)
      const b = await make({ offerLike: a.endpoint }, own.media)
      await b.accept(phone.answer(b.localSdp) ?? '')
      await a.endpoint.join(b)
      await a.phone.rtp.receiver.hearing?.hears([1000])
      expect(a.phone.accept(await a.endpoint.modify(a.phone.offer('sendonly')))).toBe(true)
      await present([a.endpoint.id, b.id])
      await Promise.all([a.endpoint.close(), b.close()])
      await freed([a.endpoint.id, b.id])
      expect(sip.stats()).toMatchObject({ dialogs: 0 })
    } finally {
      await own.close()
      await sip.close()
    }
  })
})
