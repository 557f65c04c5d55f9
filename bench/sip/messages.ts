/** Messages of one caller and one phone, as long as those in use are. */

const SDP = [
  ...['v=0', 'o=- 20518 0 IN IP4 203.0.113.1', 's=-', 'c=IN IP4 203.0.113.1', 't=0 0'],
  ...['m=audio 54400 RTP/AVP 9 0 8 101', 'a=rtpmap:9 G722/8000', 'a=rtpmap:0 PCMU/8000'],
  ...['a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-16', 'a=sendrecv', ''],
].join('\r\n')

export function invite(n: number): Buffer {
  return message('INVITE sip:alice@example.com', n, '<sip:alice@example.com>', [
    'Contact: <sip:bob@192.0.2.10:5060;transport=udp>',
    'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO, REFER, NOTIFY',
    'Supported: timer, replaces, 100rel, outbound',
    ...['Session-Expires: 1800;refresher=uac', 'Min-SE: 90', 'P-Asserted-Identity: <sip:bob@example.com>'],
    ...['Content-Type: application/sdp', `Content-Length: ${Buffer.byteLength(SDP)}`, '', SDP],
  ])
}

export function register(n: number): Buffer {
  return message('REGISTER sip:example.com', n, '<sip:bob@example.com>', [
    'Contact: <sip:bob@192.0.2.10:5060;ob>;expires=600;+sip.instance="<urn:uuid:0-1-2-3>";reg-id=1',
    'Supported: path, outbound, gruu',
    'Authorization: Digest username="bob", realm="example.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c0",' +
      ' uri="sip:example.com", response="6629fae49393a05397450978507c4ef1", algorithm=MD5, qop=auth,' +
      ' nc=00000001, cnonce="0a4f113b"',
    ...['Expires: 600', 'Content-Length: 0', '', ''],
  ])
}

export function bye(n: number): Buffer {
  return message('BYE sip:192.0.2.1:5060', n, `<sip:alice@example.com>;tag=t${n}`, [
    ...['Content-Length: 0', '', ''],
  ])
}

function message(start: string, n: number, to: string, rest: readonly string[]): Buffer {
  const method = start.slice(0, start.indexOf(' '))
  return Buffer.from(
    [
      `${start} SIP/2.0`,
      `Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK-${n}-abcdef;rport`,
      ...['Max-Forwards: 70', `From: "Bob Caller" <sip:bob@example.com>;tag=f${n}`, `To: ${to}`],
      ...[`Call-ID: call-${n}-4711@192.0.2.10`, `CSeq: 1 ${method}`, 'User-Agent: Generator/1.0 (bench)'],
      ...rest,
    ].join('\r\n'),
  )
}
