import { describe, expect, it } from 'vitest'
import { knownCodecs, madeUpOffer, offerOf, reordered } from '../../../src/adapters/freeswitch/offer.js'
import {
  audioOf,
  receives,
  servable,
  usesDtls,
  voicesOf,
  withDirection,
} from '../../../src/adapters/freeswitch/sdp.js'

const sdp = (...media: string[]) =>
  ['v=0', 'o=- 1 2 IN IP4 10.0.0.1', 's=-', 'c=IN IP4 10.0.0.1', 't=0 0', ...media, ''].join('\r\n')

const answer = sdp(
  'm=audio 30006 UDP/TLS/RTP/SAVPF 0 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=ptime:20',
  'a=fingerprint:sha-256 2A:89',
  'a=setup:passive',
  'a=rtcp-mux',
  'a=ice-ufrag:5UpU',
  'a=candidate:1 1 udp 2130706431 10.0.0.1 30006 typ host generation 0',
)

describe('an offer of our own', () => {
  it('takes the address and keys of an answer, and all codecs instead of the chosen one', () => {
    const offer = offerOf(answer, ['PCMU', 'PCMA', 'OPUS'], [])
    expect(offer).toContain('m=audio 30006 UDP/TLS/RTP/SAVPF 0 8 102 101 103\r\n')
    expect(offer).toContain('a=rtpmap:102 opus/48000/2\r\na=fmtp:102 useinbandfec=1\r\n')
    expect(offer).toContain('a=setup:actpass\r\n')
    expect(offer).toContain('a=fingerprint:sha-256 2A:89\r\n')
    expect(offer).toContain('a=ice-ufrag:5UpU\r\n')
    expect(offer.match(/^a=rtpmap:0 /gm)).toHaveLength(1)
    expect(offer.endsWith('\r\n')).toBe(true)
  })

  it('has the codecs of the other side first, in its order', () => {
    const like = voicesOf(
      sdp('m=audio 1 RTP/AVP 96 101 8', 'a=rtpmap:96 OPUS/48000/2', 'a=rtpmap:101 telephone-event/8000'),
    )
    expect(like).toEqual(['OPUS/48000', 'PCMA/8000'])
    expect(offerOf(answer, ['PCMU', 'PCMA', 'OPUS'], like)).toMatch(/^m=audio 30006 \S+ 102 8 0 101 103\r$/m)
  })

  it.each(['rtp', 'srtp', 'webrtc'] as const)(
    'is asked of FreeSWITCH over %s by an offer that it can answer',
    (transport) => {
      const asked = madeUpOffer(['PCMU', 'OPUS'], transport)
      expect(audioOf(asked)).toMatchObject({
        port: 9,
        direction: 'sendrecv',
        formats: ['0', '102', '101', '103'],
      })
      expect(usesDtls(asked)).toBe(transport === 'webrtc')
      expect(/^a=crypto:/m.test(asked)).toBe(transport === 'srtp')
    },
  )

  it('of FreeSWITCH itself keeps its numbers when it is put in another order', () => {
    const own = sdp(
      'm=audio 30198 RTP/SAVP 0 8 107 101 13',
      'a=rtpmap:107 opus/48000/2',
      'a=rtpmap:101 telephone-event/8000',
    )
    expect(reordered(own, ['OPUS/48000', 'PCMA/8000'])).toContain('m=audio 30198 RTP/SAVP 107 8 0 101 13\r\n')
    expect(reordered(own, [])).toBe(own)
  })

  it('lists what can be described of what a profile prefers', () => {
    expect(knownCodecs('OPUS@48000h@20i,PCMA,g722,AMR,PCMA')).toEqual(['OPUS', 'PCMA', 'G722'])
    expect(knownCodecs('')).toEqual(['PCMU', 'PCMA'])
  })
})

describe('a description', () => {
  it('has the first audio stream that is not refused', () => {
    expect(audioOf(sdp('m=video 5 RTP/AVP 96', 'm=audio 0 RTP/AVP 0', 'm=audio 7 RTP/SAVP 8'))).toMatchObject(
      {
        ...{ port: 7, protocol: 'RTP/SAVP', formats: ['8'] },
      },
    )
    expect(audioOf(sdp('m=video 5 RTP/AVP 96'))).toBeUndefined()
    expect(audioOf('')).toBeUndefined()
    expect(audioOf('nonsense')).toBeUndefined()
  })

  it('has the direction of its stream, or else that of the session', () => {
    expect(receives(sdp('a=sendonly', 'm=audio 7 RTP/AVP 0'))).toBe(false)
    expect(receives(sdp('a=sendonly', 'm=audio 7 RTP/AVP 0', 'a=recvonly'))).toBe(true)
    expect(receives(sdp('m=audio 7 RTP/AVP 0'))).toBe(true)
    expect(receives(sdp('m=audio 7 RTP/AVP 0', 'a=inactive'))).toBe(false)
  })

  it('can be served where it has audio, and keys where it is to be encrypted', () => {
    expect(servable(sdp('m=audio 7 RTP/AVP 0'))).toBe(true)
    expect(servable(sdp('m=video 7 RTP/AVP 96'))).toBe(false)
    expect(servable(sdp('m=audio 7 RTP/SAVP 0'))).toBe(false)
    expect(servable(sdp('m=audio 7 RTP/SAVP 0', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x'))).toBe(true)
    expect(servable(sdp('m=audio 7 UDP/TLS/RTP/SAVPF 0', 'a=fingerprint:sha-256 2A'))).toBe(true)
  })

  it('says the direction that FreeSWITCH leaves out, and no second one', () => {
    expect(withDirection(sdp('m=audio 7 RTP/AVP 0', 'm=video 0 RTP/AVP 96'))).toBe(
      sdp('m=audio 7 RTP/AVP 0', 'a=sendrecv', 'm=video 0 RTP/AVP 96'),
    )
    const held = sdp('m=audio 7 RTP/AVP 0', 'a=recvonly')
    expect(withDirection(held)).toBe(held)
    expect(withDirection(sdp('a=inactive', 'm=audio 7 RTP/AVP 0'))).not.toContain('sendrecv')
  })
})
