import { describe, expect, it } from 'vitest'
import { parseDescription } from '../../../src/embedded/media/sdp/description.js'
import { Negotiator } from '../../../src/embedded/media/sdp/negotiator.js'
import {
  agreedWishes,
  chosenOffer,
  defaultOffer,
  offerJoinable,
  offerLike,
} from '../../../src/embedded/media/sdp/offers.js'
import { codecsOf, PCMA, PCMU } from '../../../src/embedded/media/sdp/codecs.js'
import { sdp } from './support/peer.js'

const fingerprint = `sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`
const identity = () => ({ fingerprint, ssrc: 1, cname: 'c' })
const local = { address: '198.51.100.7', family: 4, port: 20_000, identity } as const
const fresh = () => new Negotiator(local)
const mLines = (text: string) => text.split('\r\n').filter((line) => line.startsWith('m='))
const version = (text: string) => Number(/^o=\S+ \S+ (\d+) /m.exec(text)?.[1])
const coded = (code: string): unknown => expect.objectContaining({ code })

describe('an answer', () => {
  it.each([
    ['the first G.711 offered, alone', ['8', '0', '18'], '8', 'PCMA/8000'],
    ['G.711 before wideband, since it can be played', ['96 opus/48000/2', '0'], '0', 'PCMU/8000'],
    ['what there is where none can be played', ['96 opus/48000/2'], '96', 'opus/48000/2'],
    ['a codec with a static number', ['18'], '18', 'G729/8000'],
    ['events beside the codec', ['0', '101 telephone-event/8000'], '0 101', 'PCMU/8000'],
    [
      'events of the codec’s clock',
      ['96 opus/48000/2', '97 telephone-event/8000', '98 telephone-event/48000'],
      '96 98',
      'opus/48000/2',
    ],
    [
      'classic events where there are no others',
      ['96 opus/48000/2', '97 telephone-event/8000'],
      '96 97',
      'opus/48000/2',
    ],
    ['no comfort noise', ['0', '13'], '0', 'PCMU/8000'],
    ['G.711 under a dynamic number', ['99 pcmu/8000'], '99', 'pcmu/8000'],
  ])('takes %s', (_, codecs, numbers, codec) => {
    const answer = fresh().answer(sdp({ codecs }), {})
    expect(mLines(answer)).toEqual([`m=audio 20000 RTP/AVP ${numbers}`])
    expect(answer).toContain(`a=rtpmap:${numbers.split(' ')[0]} ${codec}`)
  })

  it.each([
    ['SRTP', { protocol: 'RTP/SAVP' }],
    ['DTLS', { protocol: 'UDP/TLS/RTP/SAVPF' }],
    ['nothing but helpers', { codecs: ['13', '101 telephone-event/8000'] }],
    ['an unknown dynamic number', { codecs: ['97'] }],
    ['an audio stream that is off', { port: 0 }],
    ['the other address family', { address: '2001:db8::1' }],
  ])('refuses %s', (_, options) => {
    expect(() => fresh().answer(sdp(options), {})).toThrow(coded('not-acceptable'))
  })

  it('keeps the m= lines in number and order and refuses what is not audio', () => {
    const offer = [
      'v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0',
      'm=video 5000 RTP/AVP 31 32', 'm=audio 0 RTP/AVP 0', 'm=audio 5004 RTP/AVP 0', 'm=image 5006 udptl t38', '',
    ].join('\r\n') // prettier-ignore
    expect(mLines(fresh().answer(offer, {}))).toEqual([
      'm=video 0 RTP/AVP 31 32',
      'm=audio 0 RTP/AVP 0',
      'm=audio 20000 RTP/AVP 0',
      'm=image 0 udptl t38',
    ])
  })

  it.each([
    ['sendrecv', 'sendrecv'],
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
    [undefined, 'sendrecv'],
  ])('meets %s with %s', (direction, expected) => {
    const negotiator = fresh()
    const answer = negotiator.answer(sdp({ ...(direction ? { direction } : {}) }), {})
    expect(answer).toContain(`a=${expected}`)
    expect(negotiator.agreement?.direction).toBe(expected)
  })

  it('takes an address of zeros for a hold, and one that is a name for unknown', () => {
    const held = fresh()
    expect(held.answer(sdp({ address: '0.0.0.0' }), {})).toContain('a=recvonly')
    expect(held.agreement?.remote.address).toBeUndefined()
    const named = fresh()
    named.answer(sdp({ address: 'phone.example.net' }), {})
    expect(named.agreement?.remote).toMatchObject({ port: 4000 })
    expect(named.agreement?.remote.address).toBeUndefined()
  })

  it('reads a session-wide direction and lets the stream overrule it', () => {
    const wide = sdp().replace('t=0 0', 't=0 0\r\na=sendonly')
    expect(fresh().answer(wide, {})).toContain('a=recvonly')
    expect(fresh().answer(`${wide}a=inactive\r\n`, {})).toContain('a=inactive')
  })

  it('finds RTCP on the next port, where a=rtcp says, or on the same port', () => {
    const where = (lines: string[]) => {
      const negotiator = fresh()
      const answer = negotiator.answer(sdp({ lines }), {})
      const { rtcpAddress, rtcpPort, mux } = negotiator.agreement!.remote
      return { rtcpAddress, rtcpPort, mux, answersMux: answer.includes('a=rtcp-mux') }
    }
    const address = '192.0.2.1'
    expect(where([])).toEqual({ rtcpAddress: address, rtcpPort: 4001, mux: false, answersMux: false })
    expect(where(['a=rtcp:53020'])).toMatchObject({ rtcpAddress: address, rtcpPort: 53_020 })
    expect(where(['a=rtcp:53020 IN IP4 192.0.2.9'])).toMatchObject({ rtcpAddress: '192.0.2.9' })
    expect(where(['a=rtcp-mux'])).toMatchObject({ rtcpPort: 4000, mux: true, answersMux: true })
  })

  it('tells its own RTCP port, and the ptime that it was asked for', () => {
    const answer = fresh().answer(sdp({ lines: ['a=ptime:30'] }), {})
    expect(answer).toContain('a=rtcp:20001')
    expect(answer).toContain('a=ptime:30')
    expect(fresh().answer(sdp({ lines: ['a=ptime:0'] }), {})).toContain('a=ptime:20')
  })

  it('takes only allowed codecs, in the order of the allowance', () => {
    const answer = fresh().answer(sdp({ codecs: ['0', '8', '18'] }), { allowed: [PCMA, PCMU] })
    expect(mLines(answer)).toEqual(['m=audio 20000 RTP/AVP 8'])
    const g722 = { name: 'G722', clockRate: 8000, channels: 1 }
    expect(() => fresh().answer(sdp(), { allowed: [g722] })).toThrow(coded('not-acceptable'))
  })

  it('takes what the other side speaks, and transcoding only where there is no better', () => {
    const opus = { name: 'opus', clockRate: 48_000, channels: 2 }
    const offer = sdp({ codecs: ['0', '8', '96 OPUS/48000/2'] })
    expect(mLines(fresh().answer(offer, { peer: [opus] }))).toEqual(['m=audio 20000 RTP/AVP 96'])
    expect(mLines(fresh().answer(offer, { peer: [PCMA] }))).toEqual(['m=audio 20000 RTP/AVP 8'])
    expect(mLines(fresh().answer(sdp(), { peer: [PCMA] }))).toEqual(['m=audio 20000 RTP/AVP 0'])
    expect(() => fresh().answer(sdp(), { peer: [opus] })).toThrow(coded('not-acceptable'))
  })

  it('does not take a codec of the same name that packs its bits otherwise', () => {
    const amr = { name: 'AMR', clockRate: 8000, channels: 1, fmtp: 'octet-align=1' }
    const offer = (fmtp: string) => sdp({ codecs: ['96 AMR/8000'], lines: [`a=fmtp:96 ${fmtp}`] })
    expect(fresh().answer(offer('mode-set=7; octet-align=1'), { peer: [amr] })).toContain(
      'a=fmtp:96 mode-set=7',
    )
    expect(() => fresh().answer(offer('mode-set=7'), { peer: [amr] })).toThrow(coded('not-acceptable'))
  })

  it('raises the version of o= with a change and only with one', () => {
    const negotiator = fresh()
    const first = negotiator.answer(sdp(), {})
    const same = negotiator.answer(sdp({ version: 2 }), {})
    const held = negotiator.answer(sdp({ version: 3, direction: 'sendonly' }), {})
    expect(same).toBe(first)
    expect(version(held)).toBe(version(first) + 1)
  })

  it('writes IPv6', () => {
    const negotiator = new Negotiator({ address: '2001:db8::7', family: 6, port: 20_000, identity })
    expect(negotiator.answer(sdp({ address: '2001:db8::1' }), {})).toContain('c=IN IP6 2001:db8::7')
    expect(negotiator.agreement?.remote.address).toBe('2001:db8::1')
  })
})

describe('a re-INVITE', () => {
  it('that cannot be served leaves the session as it was', () => {
    const negotiator = fresh()
    const first = negotiator.answer(sdp(), {})
    expect(() => negotiator.answer(sdp({ codecs: ['13'], version: 2 }), {})).toThrow(coded('not-acceptable'))
    expect(() => negotiator.answer('rubbish', {})).toThrow(coded('bad-sdp'))
    expect(negotiator.localSdp).toBe(first)
    expect(negotiator.agreement?.direction).toBe('sendrecv')
  })

  it('may add streams and remove the audio, but not leave out m= lines', () => {
    const negotiator = fresh()
    negotiator.answer(sdp(), {})
    const wider = negotiator.answer(sdp({ version: 2, more: ['m=video 5000 RTP/AVP 31'] }), {})
    expect(mLines(wider)).toEqual(['m=audio 20000 RTP/AVP 0', 'm=video 0 RTP/AVP 31'])
    expect(() => negotiator.answer(sdp({ version: 3 }), {})).toThrow(coded('bad-sdp'))
    const off = negotiator.answer(sdp({ version: 4, port: 0, more: ['m=video 0 RTP/AVP 31'] }), {})
    expect(mLines(off)).toEqual(['m=audio 0 RTP/AVP 0', 'm=video 0 RTP/AVP 31'])
    expect(negotiator.agreement?.direction).toBe('inactive')
    const back = negotiator.answer(sdp({ version: 5, more: ['m=video 0 RTP/AVP 31'] }), {})
    expect(mLines(back)[0]).toBe('m=audio 20000 RTP/AVP 0')
    expect(negotiator.agreement?.direction).toBe('sendrecv')
  })

  it('cannot lift a hold of ours', () => {
    const negotiator = fresh()
    negotiator.answer(sdp(), {})
    negotiator.offer({ codecs: defaultOffer(), direction: 'sendonly' })
    negotiator.accept(sdp({ direction: 'recvonly', version: 2 }))
    expect(negotiator.answer(sdp({ version: 3 }), {})).toContain('a=sendonly')
    expect(negotiator.offer({ codecs: defaultOffer(), direction: 'sendrecv' })).toContain('a=sendrecv')
  })

  it('withdraws our own offer that crossed it', () => {
    const negotiator = fresh()
    negotiator.answer(sdp(), {})
    negotiator.offer({ codecs: defaultOffer(), direction: 'sendonly' })
    negotiator.answer(sdp({ version: 2 }), {})
    expect(() => negotiator.accept(sdp())).toThrow(coded('bad-state'))
  })
})

describe('an offer', () => {
  it('names both laws and the keypad', () => {
    const offer = fresh().offer({ codecs: defaultOffer() })
    expect(mLines(offer)).toEqual(['m=audio 20000 RTP/AVP 0 8 101'])
    expect(offer).toContain('a=fmtp:101 0-15')
  })

  it('after another side’s names its codecs under its numbers, and G.711', () => {
    const audio = parseDescription(
      sdp({ codecs: ['101 opus/48000/2', '18', '13', '97 telephone-event/8000'] }),
    ).media[0]!
    const offer = fresh().offer({ codecs: offerLike(codecsOf(audio)) })
    expect(mLines(offer)).toEqual(['m=audio 20000 RTP/AVP 101 18 0 8 97 96'])
    expect(offer).toContain('a=rtpmap:96 telephone-event/48000')
  })

  it('gives a number that is taken to nobody else', () => {
    const audio = parseDescription(sdp({ codecs: ['101 opus/48000/2'] })).media[0]!
    const offer = fresh().offer({ codecs: offerLike(codecsOf(audio)) })
    expect(mLines(offer)).toEqual(['m=audio 20000 RTP/AVP 101 0 8 96 97'])
  })

  it('for joining names what is sure to be joinable', () => {
    const g711 = fresh()
    g711.answer(sdp({ codecs: ['96 opus/48000/2', '8'] }), {})
    expect(mLines(fresh().offer({ codecs: offerJoinable(agreedWishes(g711.agreement!), []) }))).toEqual([
      'm=audio 20000 RTP/AVP 8 0 101',
    ])
    const opus = fresh()
    opus.answer(sdp({ codecs: ['96 opus/48000/2'] }), {})
    expect(mLines(fresh().offer({ codecs: offerJoinable(agreedWishes(opus.agreement!), []) }))).toEqual([
      'm=audio 20000 RTP/AVP 96 97 101',
    ])
  })

  it('of chosen codecs knows names and full descriptions', () => {
    const codecs = chosenOffer(['opus', 'g729', { name: 'AMR', clockRate: 8000 }])
    expect(mLines(fresh().offer({ codecs }))).toEqual(['m=audio 20000 RTP/AVP 96 18 97 98 101'])
    expect(() => chosenOffer(['nonsense'])).toThrow(coded('bad-option'))
    expect(() => fresh().offer({ codecs: [] })).toThrow(coded('bad-option'))
  })

  it('gets its answer in the peer’s numbers, and listens for both', () => {
    const negotiator = fresh()
    negotiator.offer({ codecs: chosenOffer(['opus']) })
    negotiator.accept(sdp({ codecs: ['111 opus/48000/2'] }))
    expect(negotiator.agreement?.audio).toMatchObject([{ send: 111, receive: [96, 111] }])
  })

  it.each([
    ['that refuses the audio', { port: 0 }, 'not-acceptable'],
    ['with nothing of ours', { codecs: ['18'] }, 'not-acceptable'],
    ['with another number of streams', { more: ['m=video 0 RTP/AVP 31'] }, 'bad-sdp'],
  ])('does not take an answer %s', (_, options, code) => {
    const negotiator = fresh()
    negotiator.offer({ codecs: defaultOffer() })
    expect(() => negotiator.accept(sdp(options))).toThrow(coded(code))
    expect(negotiator.agreement).toBeUndefined()
    expect(negotiator.accept(sdp())).toBe(true)
  })

  it('takes the answer of another fork, and the same answer only once', () => {
    const negotiator = fresh()
    negotiator.offer({ codecs: defaultOffer() })
    expect(negotiator.accept(sdp({ port: 4000 }))).toBe(true)
    expect(negotiator.accept(sdp({ port: 4000 }))).toBe(false)
    expect(negotiator.accept(sdp({ port: 4100 }))).toBe(true)
    expect(negotiator.agreement?.remote.port).toBe(4100)
  })

  it('inside a session keeps its m= lines and never gives a number another meaning', () => {
    const negotiator = fresh()
    negotiator.answer(sdp({ codecs: ['0', '96 opus/48000/2'], more: ['m=video 5000 RTP/AVP 31'] }), {})
    const offer = negotiator.offer({ codecs: chosenOffer(['AMR', 'opus']) })
    expect(mLines(offer)).toEqual(['m=audio 20000 RTP/AVP 97 96 101 98', 'm=video 0 RTP/AVP 31'])
    expect(offer).toContain('a=rtpmap:96 opus/48000/2')
  })

  it('does not believe in a shared RTCP port that it did not offer', () => {
    const negotiator = fresh()
    negotiator.offer({ codecs: defaultOffer() })
    negotiator.accept(sdp({ lines: ['a=rtcp-mux'] }))
    expect(negotiator.agreement?.remote).toMatchObject({ mux: false, rtcpPort: 4001 })
  })
})

describe('a description', () => {
  it.each([
    ['empty', ''],
    ['without v=0 first', 'o=- 1 1 IN IP4 192.0.2.1\r\n'],
    ['without an origin', 'v=0\r\nm=audio 4000 RTP/AVP 0\r\n'],
    ['with a line that is none', `${sdp()}nonsense\r\n`],
    ['with a port too large', sdp({ port: 70_000 })],
    ['with an address of the wrong type', sdp().replace('c=IN IP4 192.0.2.1', 'c=IN IP6 192.0.2.1')],
    ['without an address', sdp().replace('c=IN IP4 192.0.2.1\r\n', '')],
    ['with too many streams', sdp({ more: Array<string>(40).fill('m=video 0 RTP/AVP 31') })],
    ['beyond all measure', `${sdp()}a=x:${'y'.repeat(70_000)}\r\n`],
  ])('%s is bad', (_, text) => {
    expect(() => fresh().answer(text, {})).toThrow(coded('bad-sdp'))
  })

  it('with bare line feeds is understood', () => {
    expect(fresh().answer(sdp().replaceAll('\r\n', '\n'), {})).toContain('m=audio 20000')
  })
})
