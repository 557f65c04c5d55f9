import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MediaSession, type MediaOptions } from '../../src/demo/media-session.js'
import { WebrtcPhone } from '../support/webrtc-phone.js'
import type {
  Media,
  MediaEndpoint,
  MediaEndpointEvents,
  MediaEndpointOptions,
  Sound,
} from '../../src/ports/media.js'
import { recordings, toneWav } from '../support/wav.js'

export interface MediaUnderTest {
  readonly media: Media
  /** Takes the engine away. */
  breakEngine(): Promise<void>
  /** Lets it back, where it does not come back by itself. */
  mendEngine?(): void
  close(): Promise<void>
}

const failed = (code: string) => expect.objectContaining({ name: 'MediaError', code }) as Error

/** Of pictures alone. */
const withoutAudio = (sdp: string) => sdp.replace(/^m=audio/m, 'm=video')

/** What every media engine does, heard and said over real sockets. */
export function mediaContract(name: string, open: () => Promise<MediaUnderTest>): void {
  describe(`the media engine ${name}`, () => {
    let engine: MediaUnderTest
    const phones: MediaSession[] = []
    const browsers: WebrtcPhone[] = []
    const endpoints: MediaEndpoint[] = []
    let files: Awaited<ReturnType<typeof recordings>>
    const file = (name: string): Sound => ({ kind: 'file', path: files.path(name) })
    beforeAll(async () => {
      files = await recordings({
        'low.wav': toneWav(1400, 400),
        'wide.wav': toneWav(1800, 400, 16_000),
        'bad.wav': Buffer.from('RIFX'),
      })
      engine = await open()
    })
    afterAll(async () => {
      await engine.close()
      await files.remove()
    })
    afterEach(async () => {
      await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()))
      await Promise.all([...phones.splice(0), ...browsers.splice(0)].map((phone) => phone.close()))
    })

    const phone = async (options: MediaOptions = {}): Promise<MediaSession> => {
      const opened = await MediaSession.open(options)
      phones.push(opened)
      return opened
    }
    const make = async (options: MediaEndpointOptions = {}): Promise<MediaEndpoint> => {
      const endpoint = await engine.media.endpoint(options)
      endpoints.push(endpoint)
      return endpoint
    }
    /** A phone that has offered, and the endpoint that answered it. */
    const called = async (options: MediaOptions = {}, more: Partial<MediaEndpointOptions> = {}) => {
      const side = await phone(options)
      const endpoint = await make({ offer: side.offer(), ...more })
      expect(side.accept(endpoint.localSdp)).toBe(true)
      return { phone: side, endpoint }
    }
    /** A phone that has answered an offer of ours. */
    const dialled = async (options: MediaOptions = {}, more: Partial<MediaEndpointOptions> = {}) => {
      const side = await phone(options)
      const endpoint = await make(more)
      const answer = side.answer(endpoint.localSdp)
      await endpoint.accept(answer ?? '')
      return { phone: side, endpoint }
    }
    const bridged = async (callerSide: MediaOptions, deviceSide: MediaOptions) => {
      const caller = await called({ hz: 600, ...callerSide })
      const device = await dialled({ hz: 1000, ...deviceSide }, { offerLike: caller.endpoint })
      await caller.endpoint.join(device.endpoint)
      return { caller, device }
    }
    const bothHear = async ({ caller, device }: Awaited<ReturnType<typeof bridged>>) => {
      await Promise.all([
        caller.phone.rtp.receiver.hearing?.hears([1000]),
        device.phone.rtp.receiver.hearing?.hears([600]),
      ])
    }

    it('answers an offer, and plays the ringback of a country', async () => {
      const { phone: caller, endpoint } = await called()
      await endpoint.play({ kind: 'ringback', country: 'us' })
      await caller.rtp.receiver.hearing?.hears([440, 480])
    })

    it('goes on with another sound, and with silence', async () => {
      const { phone: caller, endpoint } = await called()
      await endpoint.play({ kind: 'ringback', country: 'de' })
      await caller.rtp.receiver.hearing?.hears([425])
      await endpoint.play({ kind: 'ringback', country: 'fr' })
      await caller.rtp.receiver.hearing?.hears([440])
      await endpoint.play({ kind: 'silence' })
      const { packets } = caller.rtp.received
      await caller.rtp.receiver.hearing?.hears([])
      // Silence is sent, not just nothing: it keeps the path through a NAT open.
      await caller.rtp.receiver.until('packets of silence', (received) => received.packets > packets + 25)
    })

    it('makes an offer of its own, takes its answer, once more too, and plays', async () => {
      const device = await phone()
      const endpoint = await make()
      const answer = device.answer(endpoint.localSdp) ?? ''
      await endpoint.accept(answer)
      await endpoint.accept(answer)
      await endpoint.play({ kind: 'ringback', country: 'gb' })
      await device.rtp.receiver.hearing?.hears([400, 450])
    })

    it('relays both ways, and plays no more', async () => {
      const caller = await called({ hz: 600 })
      await caller.endpoint.play({ kind: 'ringback', country: 'us' })
      await caller.phone.rtp.receiver.hearing?.hears([440, 480])
      const device = await dialled({ hz: 1000 }, { offerLike: caller.endpoint })
      await caller.endpoint.join(device.endpoint)
      await bothHear({ caller, device })
      expect((await engine.media.gauges()).tones).toBe(0)
    })

    it('transcodes between the laws of G.711', async () => {
      const call = await bridged(
        { codecs: ['PCMU', 'telephone-event'] },
        { codecs: ['PCMA', 'telephone-event'] },
      )
      await bothHear(call)
      expect(call.caller.phone.codec?.name).toBe('PCMU')
      expect(call.device.phone.codec?.name).toBe('PCMA')
    })

    it('offers the codecs of the other side first, so that nothing is transcoded', async () => {
      const alaw = await called({ codecs: ['PCMA', 'telephone-event'] })
      const device = await dialled({}, { offerLike: alaw.endpoint })
      expect(device.phone.codec?.name).toBe('PCMA')
      const mulaw = await called({ codecs: ['PCMU', 'telephone-event'] })
      const other = await dialled({}, { offerLike: mulaw.endpoint })
      expect(other.phone.codec?.name).toBe('PCMU')
    })

    it('passes keys of the keypad on', async () => {
      const call = await bridged({}, {})
      await bothHear(call)
      await call.caller.phone.rtp.sendDigits('5#')
      await call.device.phone.rtp.receiver.until('5#', (received) => received.digits === '5#')
    })

    it('performs recordings and tones one after the other, as often as is asked, and says when it is done', async () => {
      const { phone: caller, endpoint } = await called()
      expect(await endpoint.perform([file('low.wav'), file('wide.wav')], { times: 2 })).toBe('finished')
      const hearing = caller.rtp.receiver.hearing
      /** Which of the two was heard, one after the other. */
      const heard = (): string => {
        const single = (hearing?.segments ?? []).flatMap(({ tones }) =>
          tones.length === 1 ? [tones[0]] : [],
        )
        return single.filter((hz, at) => hz !== single[at - 1]).join()
      }
      await caller.rtp.receiver.until('both of them twice', () => heard() === '1400,1800,1400,1800')
      expect((await engine.media.gauges()).tones).toBe(0)
      const busy = hearing?.hears([480, 620])
      expect(await endpoint.perform([{ kind: 'busy', country: 'us' }], { times: 1 })).toBe('finished')
      await busy
      expect(await endpoint.perform([], { times: 1 })).toBe('finished')
    })

    it('plays a recording over and over until there is something else to hear', async () => {
      const { phone: caller, endpoint } = await called()
      await endpoint.play(file('low.wav'))
      const hearing = caller.rtp.receiver.hearing
      // More than the recording has.
      await caller.rtp.receiver.until('a third hearing', () => (hearing?.totalMs([1400]) ?? 0) > 900)
      await endpoint.play({ kind: 'ringback', country: 'us' })
      await hearing?.hears([440, 480])
    })

    it('says that a performance was stopped by another sound, a join or a close', async () => {
      const { phone: caller, endpoint } = await called({ hz: 600 })
      const perform = (): Promise<string> => endpoint.perform([file('low.wav')], { times: 50 })
      const first = perform()
      await caller.rtp.receiver.hearing?.hears([1400])
      await endpoint.play({ kind: 'ringback', country: 'us' })
      expect(await first).toBe('stopped')
      await caller.rtp.receiver.hearing?.hears([440, 480])
      const second = perform()
      const third = endpoint.perform([file('wide.wav')], { times: 50 })
      expect(await second).toBe('stopped')
      await caller.rtp.receiver.hearing?.hears([1800])
      const device = await dialled({ hz: 1000 }, { offerLike: endpoint })
      await endpoint.join(device.endpoint)
      expect(await third).toBe('stopped')
      await bothHear({ caller: { phone: caller, endpoint }, device })
      await expect(endpoint.perform([file('low.wav')], { times: 1 })).rejects.toEqual(failed('lost'))
      const other = await called()
      const fourth = other.endpoint.perform([file('low.wav')], { times: 50 })
      await other.phone.rtp.receiver.hearing?.hears([1400])
      await other.endpoint.close()
      expect(await fourth).toBe('stopped')
      await expect(other.endpoint.perform([], { times: 1 })).rejects.toEqual(failed('lost'))
    })

    it('refuses a recording that it cannot play, and says which, and plays what comes next', async () => {
      const { phone: caller, endpoint } = await called()
      for (const name of ['bad.wav', 'nowhere.wav']) {
        const refused: unknown = await endpoint.perform([file(name)], { times: 2 }).catch((e: unknown) => e)
        expect(refused).toEqual(failed('not-acceptable'))
        expect(String(refused)).toContain(name)
      }
      const heard = caller.rtp.receiver.hearing?.hears([1400])
      expect(await endpoint.perform([file('low.wav')], { times: 1 })).toBe('finished')
      await heard
    })

    it('tells of each key that its peer presses once, while it plays, waits, or is joined', async () => {
      let pressed = ''
      let told: () => void = () => undefined
      const events = {
        digit: (digit: string) => {
          pressed += digit
          told()
        },
      }
      const pressedAll = async (wanted: string): Promise<void> => {
        while (pressed !== wanted) await new Promise<void>((resolve) => (told = resolve))
      }
      const { phone: caller, endpoint } = await called({ hz: 600 }, { events })
      const performing = endpoint.perform([file('low.wav')], { times: 50 })
      await caller.rtp.receiver.hearing?.hears([1400])
      await caller.rtp.sendDigits('1*')
      await pressedAll('1*')
      // No key ends it.
      expect((await engine.media.gauges()).tones).toBe(1)
      await endpoint.perform([], { times: 1 })
      expect(await performing).toBe('stopped')
      await caller.rtp.sendDigits('11#')
      await pressedAll('1*11#')
      const device = await dialled({ hz: 1000 }, { offerLike: endpoint })
      await endpoint.join(device.endpoint)
      await bothHear({ caller: { phone: caller, endpoint }, device })
      await device.phone.rtp.sendDigits('9')
      await caller.rtp.receiver.until('9', (received) => received.digits === '9')
      await caller.rtp.sendDigits('0')
      await pressedAll('1*11#0')
    })

    it('holds and resumes a side that asks for it', async () => {
      const call = await bridged({}, {})
      await bothHear(call)
      const { phone: caller, endpoint } = call.caller
      const held = await endpoint.modify(caller.offer('sendonly'))
      expect(held).toMatch(/^a=recvonly/m)
      expect(endpoint.localSdp).toBe(held)
      expect(caller.accept(held)).toBe(true)
      const resumed = await endpoint.modify(caller.offer('sendrecv'))
      expect(resumed).not.toMatch(/^a=(recvonly|inactive)/m)
      expect(caller.accept(resumed)).toBe(true)
      const { packets } = caller.rtp.received
      await caller.rtp.receiver.until('media after the hold', (received) => received.packets > packets + 25)
      await bothHear(call)
    })

    it('refuses an offer without audio, and an answer that refuses it', async () => {
      const stranger = await phone()
      const offer = withoutAudio(stranger.offer())
      await expect(engine.media.endpoint({ offer })).rejects.toEqual(failed('not-acceptable'))
      const endpoint = await make()
      const refusal = endpoint.localSdp.replace(/^m=audio \d+/m, 'm=audio 0')
      await expect(endpoint.accept(refusal)).rejects.toEqual(failed('not-acceptable'))
    })

    it('goes on as before where a change is refused', async () => {
      const call = await bridged({}, {})
      await bothHear(call)
      const { phone: caller, endpoint } = call.caller
      const before = endpoint.localSdp
      await expect(endpoint.modify(withoutAudio(caller.offer()))).rejects.toEqual(failed('not-acceptable'))
      expect(endpoint.localSdp).toBe(before)
      const { packets } = caller.rtp.received
      await caller.rtp.receiver.until('media as before', (received) => received.packets > packets + 25)
      expect(caller.accept(await endpoint.modify(caller.offer()))).toBe(true)
      await bothHear(call)
    })

    it('counts what comes in and goes out', async () => {
      const call = await bridged({}, {})
      await bothHear(call)
      const counted = await call.caller.endpoint.counters()
      expect(counted.packetsIn).toBeGreaterThan(5)
      expect(counted.packetsOut).toBeGreaterThan(5)
      expect(counted.bytesIn).toBeGreaterThan(counted.packetsIn * 100)
      expect(counted.bytesOut).toBeGreaterThan(counted.packetsOut * 100)
    })

    it('joins a side that is left alone with another', async () => {
      const call = await bridged({}, {})
      await bothHear(call)
      await call.device.endpoint.close()
      const next = await dialled({ hz: 1400 }, { offerLike: call.caller.endpoint })
      await call.caller.endpoint.join(next.endpoint)
      await call.caller.phone.rtp.receiver.hearing?.hears([1400])
      await next.phone.rtp.receiver.hearing?.hears([600])
    })

    const browser = (hz: number): WebrtcPhone => {
      const opened = new WebrtcPhone({ hz })
      browsers.push(opened)
      return opened
    }

    it('answers a browser, plays to it, and passes on what it and a phone in the clear say', async () => {
      const page = browser(600)
      const endpoint = await make({ offer: await page.offer() })
      expect(endpoint.localSdp).toMatch(/^m=audio \d+ UDP\/TLS\/RTP\/SAVPF /m)
      await endpoint.play({ kind: 'ringback', country: 'us' })
      await page.accept(endpoint.localSdp)
      await page.receiver.hearing?.hears([440, 480])
      const device = await dialled({ hz: 1000 }, { offerLike: endpoint })
      await endpoint.join(device.endpoint)
      await Promise.all([
        page.receiver.hearing?.hears([1000]),
        device.phone.rtp.receiver.hearing?.hears([600]),
      ])
      const counted = await endpoint.counters()
      expect(Math.min(counted.packetsIn, counted.packetsOut)).toBeGreaterThan(5)
    })

    it('offers to a browser, and passes on what it and a caller in the clear say', async () => {
      const caller = await called({ hz: 1000 })
      const endpoint = await make({ offerLike: caller.endpoint, transport: 'webrtc' })
      expect(endpoint.localSdp).toMatch(/^m=audio \d+ UDP\/TLS\/RTP\/SAVPF /m)
      expect(endpoint.localSdp).toMatch(/^a=setup:actpass/m)
      const page = browser(600)
      await endpoint.accept(await page.answer(endpoint.localSdp))
      await caller.endpoint.join(endpoint)
      await Promise.all([
        page.receiver.hearing?.hears([1000]),
        caller.phone.rtp.receiver.hearing?.hears([600]),
      ])
    })

    it('performs for a browser, from the handshake on, what it was asked to before', async () => {
      const page = browser(600)
      const endpoint = await make({ offer: await page.offer() })
      const performing = endpoint.perform([{ kind: 'ringback', country: 'gb' }], { times: 1 })
      await page.accept(endpoint.localSdp)
      await page.receiver.hearing?.hears([400, 450])
      expect(await performing).toBe('finished')
    })

    it('gives back what a closed endpoint held, and closes it once', async () => {
      const before = await engine.media.gauges()
      const call = await bridged({}, {})
      const unanswered = await make()
      const during = await engine.media.gauges()
      expect(during.endpoints).toBe(before.endpoints + 3)
      expect(during.portsInUse).toBeGreaterThan(before.portsInUse)
      const all = [call.caller.endpoint, call.device.endpoint, unanswered]
      await Promise.all(all.flatMap((endpoint) => [endpoint.close(), endpoint.close()]))
      const after = await engine.media.gauges()
      expect(after.endpoints).toBe(before.endpoints)
      await expect(call.caller.endpoint.play({ kind: 'silence' })).rejects.toEqual(failed('lost'))
      await expect(unanswered.join(call.caller.endpoint)).rejects.toEqual(failed('lost'))
      await expect(call.caller.endpoint.counters()).rejects.toEqual(failed('lost'))
    })
  })

  it(`the media engine ${name} tells each endpoint once that it is gone, and rejects what is asked then`, async () => {
    const engine = await open()
    try {
      const caller = await MediaSession.open()
      const lost: string[] = []
      let all: () => void = () => undefined
      const told = new Promise<void>((resolve) => (all = resolve))
      const events = (who: string): MediaEndpointEvents => ({
        lost: () => {
          lost.push(who)
          if (lost.length === 2) all()
        },
      })
      const a = await engine.media.endpoint({ offer: caller.offer(), events: events('a') })
      const performing = a.perform([{ kind: 'ringback', country: 'us' }], { times: 9 })
      const rejected = expect(performing).rejects.toEqual(failed('lost'))
      const b = await engine.media.endpoint({ offerLike: a, events: events('b') })
      await engine.breakEngine()
      await told
      await rejected
      expect(lost.sort()).toEqual(['a', 'b'])
      await expect(a.play({ kind: 'silence' })).rejects.toEqual(failed('lost'))
      await expect(a.join(b)).rejects.toEqual(failed('lost'))
      await expect(a.modify(caller.offer())).rejects.toEqual(failed('lost'))
      await Promise.all([a.close(), b.close(), caller.close()])
      expect(lost).toHaveLength(2)
    } finally {
      await engine.close()
    }
  })
}
