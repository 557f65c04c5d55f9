import { describe, expect, it } from 'vitest'
import { Negotiator } from '../../../../src/embedded/media/sdp/negotiator.js'
import { defaultOffer } from '../../../../src/embedded/media/sdp/offers.js'

const fingerprint = `sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`
const identity = () => ({ fingerprint, ssrc: 77, cname: 'name' })
const fresh = () => new Negotiator({ address: '198.51.100.7', family: 4, port: 20_000, identity })
const coded = (code: string, message?: RegExp): unknown =>
  expect.objectContaining({ code, ...(message && { message: expect.stringMatching(message) as string }) })

interface Browser {
  setup?: string
  fragment?: string
  print?: string
  protocol?: string
  codecs?: readonly string[]
  direction?: string
  address?: string
  without?: RegExp
  session?: readonly string[]
  more?: readonly string[]
}

/** What Chromium writes, as far as it matters here. */
function browser(options: Browser = {}): string {
  const {
    setup = 'actpass',
    fragment = 'Gq4T',
    print = fingerprint,
    protocol = 'UDP/TLS/RTP/SAVPF',
  } = options
  const {
    codecs = ['111 opus/48000/2', '0 PCMU/8000', '8 PCMA/8000', '126 telephone-event/8000'],
    direction = 'sendrecv',
    address = '0.0.0.0',
  } = options
  const lines = [
    'v=0',
    'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE audio0',
    ...(options.session ?? []),
    `m=audio 9 ${protocol} ${codecs.map((codec) => codec.split(' ')[0]).join(' ')}`,
    `c=IN IP4 ${address}`,
    `a=ice-ufrag:${fragment}`,
    'a=ice-pwd:HhVvQCOmPnWLAe/uRgwtPrnR',
    `a=fingerprint:${print}`,
    `a=setup:${setup}`,
    'a=mid:audio0',
    `a=${direction}`,
    'a=rtcp-mux',
    ...codecs.map((codec) => `a=rtpmap:${codec}`),
    ...(options.more ?? []),
    '',
  ]
  return lines.filter((line) => !options.without?.test(line)).join('\r\n')
}

describe('an answer to a browser', () => {
  it('has G.711 and keys, our address, and no path to look for: the browser begins', () => {
    const negotiator = fresh()
    const answer = negotiator.answer(browser(), {})
    expect(answer).toMatch(/^m=audio 20000 UDP\/TLS\/RTP\/SAVPF 0 126\r$/m)
    const session = answer.slice(0, answer.indexOf('m='))
    expect(session).toMatch(/^a=ice-lite\r$/m)
    expect(session).toMatch(/^a=group:BUNDLE audio0\r$/m)
    for (const line of [
      'a=mid:audio0',
      'a=setup:passive',
      'a=rtcp-mux',
      'a=sendrecv',
      'a=ssrc:77 cname:name',
      `a=fingerprint:${fingerprint}`,
      'a=candidate:1 1 udp 2130706431 198.51.100.7 20000 typ host',
      `a=ice-ufrag:${negotiator.credentials.fragment}`,
      `a=ice-pwd:${negotiator.credentials.password}`,
    ]) {
      expect(answer.split('\r\n')).toContain(line)
    }
    expect(negotiator.carriage).toBe('webrtc')
    expect(negotiator.agreement?.remote.security).toMatchObject({ fragment: 'Gq4T', bundled: true })
  })

  it('takes an unspecified address for what it is, and no hold of old', () => {
    const negotiator = fresh()
    negotiator.answer(browser(), {})
    expect(negotiator.agreement?.direction).toBe('sendrecv')
    const held = negotiator.answer(browser({ direction: 'sendonly' }), {})
    expect(held).toMatch(/^a=recvonly\r$/m)
  })

  it('refuses a second section by its name, so that the browser knows which', () => {
    const video = ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000', 'a=mid:video0']
    const answer = fresh().answer(browser({ more: video }), {})
    expect(answer).toContain('m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:video0\r\n')
    expect(answer).toMatch(/^a=group:BUNDLE audio0\r$/m)
  })

  it('keeps its keys and its credentials inside a session, and renews these where the browser does', () => {
    const negotiator = fresh()
    negotiator.answer(browser(), {})
    const { credentials } = negotiator
    negotiator.answer(browser({ direction: 'sendonly' }), {})
    expect(negotiator.credentials).toBe(credentials)
    const again = negotiator.answer(browser({ fragment: 'Zz9Z' }), {})
    expect(negotiator.credentials).not.toEqual(credentials)
    expect(again).toContain(`a=ice-ufrag:${negotiator.credentials.fragment}\r\n`)
  })

  it.each<[string, Browser, RegExp]>([
    ['has no ICE', { without: /^a=ice-ufrag/ }, /without ICE/],
    ['waits for us to begin', { session: ['a=ice-lite'] }, /lite/],
    ['wants to be the DTLS server', { setup: 'passive' }, /passive/],
    ['has a port of its own for RTCP', { without: /^a=rtcp-mux/ }, /port of its own/],
    ['proves itself by a hash that can be forged', { print: 'sha-1 AB:CD' }, /SHA-256/],
    ['proves itself by what is no hash', { print: 'constructor AB:CD' }, /SHA-256/],
    ['has no fingerprint', { without: /^a=fingerprint/ }, /SHA-256/],
    [
      'has neither fingerprint nor keys',
      { protocol: 'RTP/SAVPF', without: /^a=fingerprint/ },
      /no audio stream/,
    ],
    [
      'has keys in the description',
      { protocol: 'RTP/SAVP', without: /^a=(fingerprint|ice)/ },
      /no audio stream/,
    ],
  ])('is none where it %s: 488, and why', (_what, offered, why) => {
    expect(() => fresh().answer(browser(offered), {})).toThrow(coded('not-acceptable', why))
  })

  it('is none where another certificate comes inside a session, which goes on', () => {
    const negotiator = fresh()
    const before = negotiator.answer(browser(), {})
    const other = `sha-256 ${Array.from({ length: 32 }, () => 'CD').join(':')}`
    expect(() => negotiator.answer(browser({ print: other }), {})).toThrow(
      coded('not-acceptable', /certificate/),
    )
    expect(negotiator.localSdp).toBe(before)
  })

  it('knows the certificate inside a session, however its fingerprint is written', () => {
    const negotiator = fresh()
    negotiator.answer(browser(), {})
    expect(negotiator.answer(browser({ print: fingerprint.toLowerCase() }), {})).toMatch(/^a=sendrecv\r$/m)
    expect(negotiator.answer(browser({ print: fingerprint.toUpperCase() }), {})).toMatch(/^a=sendrecv\r$/m)
  })

  it('is none to plain RTP inside a session by WebRTC', () => {
    const negotiator = fresh()
    negotiator.answer(browser(), {})
    const plain = browser({
      protocol: 'RTP/AVP',
      address: '192.0.2.1',
      without: /^a=(ice|fingerprint|setup)/,
    })
    expect(() => negotiator.answer(plain, {})).toThrow(coded('not-acceptable'))
  })

  it('serves what browsers of old called it, where there is a fingerprint', () => {
    expect(fresh().answer(browser({ protocol: 'RTP/SAVPF' }), {})).toMatch(/^m=audio 20000 RTP\/SAVPF 0 126/m)
  })

  it('can be Opus, for one who speaks it too', () => {
    const opus = browser({ codecs: ['111 opus/48000/2'] })
    expect(fresh().answer(opus, {})).toMatch(/^m=audio 20000 UDP\/TLS\/RTP\/SAVPF 111/m)
    const peer = [{ name: 'PCMU', clockRate: 8000, channels: 1 }]
    expect(() => fresh().answer(opus, { peer })).toThrow(coded('not-acceptable'))
  })
})

describe('an offer to a browser', () => {
  const offering = () => {
    const negotiator = fresh()
    const offer = negotiator.offer({ codecs: defaultOffer(), carriage: 'webrtc' })
    return { negotiator, offer }
  }
  const answer = (options: Browser = {}) =>
    browser({ setup: 'active', codecs: ['0 PCMU/8000', '101 telephone-event/8000'], ...options })

  it('leaves to the browser who begins, and has both laws of G.711', () => {
    const { negotiator, offer } = offering()
    expect(offer).toMatch(/^m=audio 20000 UDP\/TLS\/RTP\/SAVPF 0 8 101\r$/m)
    expect(offer).toMatch(/^a=setup:actpass\r$/m)
    expect(offer).toMatch(/^a=group:BUNDLE 0\r$/m)
    expect(offer).toMatch(/^a=mid:0\r$/m)
    expect(negotiator.carriage).toBe('webrtc')
    expect(negotiator.accept(answer())).toBe(true)
    expect(negotiator.agreement?.remote).toMatchObject({ mux: true, security: { fragment: 'Gq4T' } })
  })

  it('stays WebRTC inside the session, with the same credentials', () => {
    const { negotiator, offer } = offering()
    negotiator.accept(answer())
    const again = negotiator.offer({ codecs: defaultOffer(), direction: 'sendonly' })
    const lines = (sdp: string) => sdp.split('\r\n').filter((line) => /^a=(ice|fingerprint|setup)/.test(line))
    expect(again).toMatch(/^m=audio 20000 UDP\/TLS\/RTP\/SAVPF/m)
    expect(again).toMatch(/^a=sendonly\r$/m)
    expect(lines(again)).toEqual(lines(offer))
  })

  it.each<[string, Browser]>([
    ['in the clear', { protocol: 'RTP/AVP', address: '192.0.2.1' }],
    ['that waits for us to begin', { setup: 'passive' }],
    ['without G.711', { codecs: ['111 opus/48000/2'] }],
  ])('takes no answer %s', (_what, options) => {
    const { negotiator } = offering()
    expect(() => negotiator.accept(answer(options))).toThrow(coded('not-acceptable'))
    expect(negotiator.accept(answer())).toBe(true)
  })
})
