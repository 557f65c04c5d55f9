import { describe, expect, it } from 'vitest'
import { StreamFramer } from '../../../src/demo/sip/framing.js'
import {
  header,
  headerList,
  MalformedMessage,
  parseMessage,
  serializeMessage,
  type SipMessage,
} from '../../../src/demo/sip/message.js'
import { parseNameAddr, parseUri } from '../../../src/demo/sip/uri.js'
import { markReceived, responseAddress, topVia } from '../../../src/demo/sip/via.js'

const lines = (...all: string[]): Buffer => Buffer.from(all.join('\r\n'), 'utf8')

const invite = lines(
  'INVITE sip:bob@example.com SIP/2.0',
  'v: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKa;rport, SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb',
  'f: "Alice, \\"the\\" caller" <sip:alice@example.com;user=phone>;tag=1',
  't: sip:bob@example.com;tag=2',
  'i: one',
  'CSeq: 1 INVITE',
  'Subject: folded',
  '\tover two lines',
  'l: 6',
  '',
  'grüß',
)

function parsedInvite(): Extract<SipMessage, { kind: 'request' }> {
  const message = parseMessage(invite)
  if (message.kind !== 'request') throw new Error('not a request')
  return message
}

describe('messages', () => {
  it('reads compact names, folded lines and a body counted in bytes', () => {
    const message = parsedInvite()
    expect(message.method).toBe('INVITE')
    expect(header(message, 'Call-ID')).toBe('one')
    expect(header(message, 'subject')).toBe('folded over two lines')
    expect(message.body).toBe('grüß')
  })

  it('splits lists at commas, but not within quotes', () => {
    expect(headerList(parsedInvite(), 'Via')).toHaveLength(2)
    expect(headerList(parsedInvite(), 'From')).toHaveLength(1)
  })

  it('writes what it read, with the true length of the body', () => {
    const written = serializeMessage(parsedInvite())
    expect(written.toString('utf8')).toContain('Content-Length: 6\r\n\r\ngrüß')
    expect(parseMessage(written)).toMatchObject({ uri: 'sip:bob@example.com', body: 'grüß' })
  })

  it.each([
    ['no empty line', 'INVITE sip:a SIP/2.0\r\nVia: x'],
    ['no start line', 'HELLO\r\n\r\n'],
    ['a header line without colon', 'INVITE sip:a SIP/2.0\r\nVia\r\n\r\n'],
    ['a body shorter than it says', 'INVITE sip:a SIP/2.0\r\nContent-Length: 5\r\n\r\nabc'],
    ['a negative length', 'INVITE sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n'],
  ])('refuses a message with %s', (_what, text) => {
    expect(() => parseMessage(Buffer.from(text))).toThrow(MalformedMessage)
  })

  it('tells parameters of a URI from those of the header field', () => {
    expect(parseNameAddr('"B \\"x\\"" <sip:b@h:5070;transport=tcp>;tag=9;lr')).toMatchObject({
      display: 'B "x"',
      uri: 'sip:b@h:5070;transport=tcp',
      params: new Map([
        ['tag', '9'],
        ['lr', ''],
      ]),
    })
    expect(parseNameAddr('sip:b@h;tag=9')).toMatchObject({ uri: 'sip:b@h', params: new Map([['tag', '9']]) })
    expect(parseUri('sip:b:secret@[::1]:5070;pn-prid=x%3By?a=b')).toMatchObject({
      user: 'b',
      host: '[::1]',
      port: 5070,
      params: new Map([['pn-prid', 'x%3By']]),
    })
  })

  it('notes received and rport, and sends responses there', () => {
    const source = { host: '192.0.2.7', port: 40000 }
    const marked = markReceived(parsedInvite(), source)
    expect(topVia(marked)).toMatchObject({ received: '192.0.2.7', rport: '40000', branch: 'z9hG4bKa' })
    expect(responseAddress(marked, source)).toEqual(source)
  })
})

describe('stream framing', () => {
  it('finds messages however the stream is cut, and keep-alives between them', () => {
    const stream = Buffer.concat([invite, Buffer.from('\r\n\r\n'), invite])
    for (let size = 1; size < stream.length; size += 7) {
      const framer = new StreamFramer()
      const found: Buffer[] = []
      for (let i = 0; i < stream.length; i += size) found.push(...framer.push(stream.subarray(i, i + size)))
      expect(found.map(String)).toEqual([String(invite), String(invite)])
      expect(framer.pongs).toBe(2)
    }
  })
})
