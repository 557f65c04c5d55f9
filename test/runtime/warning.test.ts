import { describe, expect, test } from 'vitest'
import { warningHeader } from '../../src/runtime/warning.js'

/** An offer with these media lines. */
function offer(...media: readonly string[]): string {
  return ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', ...media, ''].join('\r\n')
}

describe('the Warning of a 488', () => {
  test.each([
    ['pictures alone', offer('m=video 4000 RTP/AVP 96'), '304 example.net "Media type not available"'],
    ['audio that is refused', offer('m=audio 0 RTP/AVP 0'), '304 example.net "Media type not available"'],
    [
      'codecs that nobody has',
      offer('m=audio 4000 RTP/AVP 97 98'),
      '305 example.net "Incompatible media format"',
    ],
    [
      'codecs that nobody has, encrypted',
      offer('m=audio 4000 RTP/SAVP 97 108'),
      '305 example.net "Incompatible media format"',
    ],
    [
      'G.711 over WebRTC',
      offer('m=video 9 UDP/TLS/RTP/SAVPF 96', 'm=audio 9 UDP/TLS/RTP/SAVPF 111 0 126'),
      '302 example.net "Incompatible transport protocol"',
    ],
  ])('says of %s what is not acceptable about it (RFC 3261 §20.43)', (_, sdp, warning) => {
    expect(warningHeader(sdp, 'example.net')).toEqual(['Warning', warning])
  })
})
