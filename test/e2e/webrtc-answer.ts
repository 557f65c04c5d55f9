/** Nobody has its key: the handshake never comes about. */
const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':')

/** What a browser would answer to an offer of WebRTC, without the media: PCMU alone. */
export function webrtcAnswer(offer: string): string {
  const [, protocol = ''] = /^m=audio \d+ (\S+)/m.exec(offer) ?? []
  if (!protocol.includes('SAVPF')) throw new Error(`no WebRTC is offered, but ${protocol}`)
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `m=audio 9 ${protocol} 0`,
    'c=IN IP4 127.0.0.1',
    'a=rtcp-mux',
    'a=setup:active',
    `a=fingerprint:sha-256 ${FINGERPRINT}`,
    'a=ice-ufrag:none',
    'a=ice-pwd:nobodywilleveranswerhere',
    'a=candidate:1 1 udp 1 127.0.0.1 9 typ host',
    'a=rtpmap:0 PCMU/8000',
    'a=sendrecv',
    '',
  ].join('\r\n')
}
