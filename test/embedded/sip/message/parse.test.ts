import { expect, test } from 'vitest'
import { parseMessage, type Parsed } from '../../../../src/embedded/sip/message/parse.js'
import {
  contactUri,
  cseqOf,
  fromTag,
  lists,
  topVia,
  toTag,
} from '../../../../src/embedded/sip/message/message.js'
import { serialize, toText } from '../../../../src/embedded/sip/message/serialize.js'
import { requestDefect } from '../../../../src/embedded/sip/message/validate.js'

const LIMITS = { headerLines: 64 }

function parse(lines: string[], body = ''): Parsed {
  const parsed = parseMessage(Buffer.from([...lines, '', body].join('\r\n'), 'utf8'), LIMITS)
  if (!parsed) throw new Error('no SIP message')
  return parsed
}

const INVITE = [
  'INVITE sip:bob@example.com SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.1:5066;branch=z9hG4bKa',
  'From: "A. G. Bell" <sip:agb@example.com>;tag=a1',
  'To: <sip:bob@example.com>',
  'Call-ID: 1@x',
  'CSeq: 7 INVITE',
]

test('a request is read with its method, URI and headers', () => {
  const { message, defect } = parse(INVITE)
  expect(defect).toBeUndefined()
  expect(message).toMatchObject({ kind: 'request', method: 'INVITE', uri: 'sip:bob@example.com' })
  expect(cseqOf(message)).toEqual({ number: 7, method: 'INVITE' })
  expect(fromTag(message)).toBe('a1')
  expect(toTag(message)).toBeUndefined()
  expect(topVia(message)).toMatchObject({ host: '192.0.2.1', port: 5066, transport: 'UDP' })
})

test('header names are found in any case and in their compact form', () => {
  const { message } = parse([
    'OPTIONS sip:a@b SIP/2.0',
    'v: SIP/2.0/TCP h;branch=z9hG4bKa',
    'F: <sip:a@b>;tag=1',
    't: <sip:a@b>',
    'i: 1',
    'CSEQ: 1 OPTIONS',
    'm: <sip:me@h>',
    'k: timer, 100rel',
  ])
  expect(message.headers.get('Call-ID')).toBe('1')
  expect(message.headers.get('via')).toBe('SIP/2.0/TCP h;branch=z9hG4bKa')
  expect(contactUri(message)).toBe('sip:me@h')
  expect(lists(message, 'supported', '100rel')).toBe(true)
  expect(lists(message, 'supported', 'path')).toBe(false)
})

test('a header folded over several lines is one value', () => {
  const { message } = parse([...INVITE, 'Subject: one', '  two', '\tthree'])
  expect(message.headers.get('subject')).toBe('one two three')
})

test('commas inside quotes and brackets do not split a value', () => {
  const contacts = '"Bell, A." <sip:a@b;x=1,2>;q=1, <sip:c@d>, "\\",\\"" <sip:e@f>'
  const { message } = parse([...INVITE, `Contact: ${contacts}`])
  expect(message.headers.list('contact')).toEqual([
    '"Bell, A." <sip:a@b;x=1,2>;q=1',
    '<sip:c@d>',
    '"\\",\\"" <sip:e@f>',
  ])
})

test('values of repeated lines and of one line come in the same order', () => {
  const { message } = parse([...INVITE, 'Route: <sip:a;lr>, <sip:b;lr>', 'Route: <sip:c;lr>'])
  expect(message.headers.list('route')).toEqual(['<sip:a;lr>', '<sip:b;lr>', '<sip:c;lr>'])
})

test('Content-Length counts bytes, not characters', () => {
  const body = 'héllo wörld'
  const { message, defect } = parse([...INVITE, `Content-Length: ${Buffer.byteLength(body)}`], `${body}XX`)
  expect(defect).toBeUndefined()
  expect(message.body.toString()).toBe(body)
})

test('a body that is shorter than Content-Length says is refused', () => {
  expect(parse([...INVITE, 'Content-Length: 10'], 'short').defect?.status).toBe(400)
})

test('without Content-Length the body is the rest of the datagram', () => {
  expect(parse(INVITE, 'the rest').message.body.toString()).toBe('the rest')
})

test('unknown header lines are carried on verbatim', () => {
  const lines = [...INVITE, 'X-mIxEd-CaSe: a  b;c="d,e"', 'P-Odd: \u00e9\u00e8']
  const text = toText(parse(lines).message)
  expect(text).toContain('X-mIxEd-CaSe: a  b;c="d,e"\r\n')
  expect(text).toContain('P-Odd: \u00e9\u00e8\r\n')
})

test('a body of any bytes leaves as it came', () => {
  const body = Buffer.from([0, 255, 13, 10, 13, 10, 200, 1])
  const head = Buffer.from([...INVITE, 'Content-Length: 8', '', ''].join('\r\n'))
  const parsed = parseMessage(Buffer.concat([head, body]), LIMITS)
  expect(parsed && serialize(parsed.message).subarray(-8)).toEqual(body)
})

test('lines ended by a lone LF are understood', () => {
  const parsed = parseMessage(Buffer.from([...INVITE, '', 'body'].join('\n')), LIMITS)
  expect(parsed?.defect).toBeUndefined()
  expect(parsed?.message.body.toString()).toBe('body')
})

test('a message with too many header lines is refused, and not read to its end', () => {
  const many = Array.from({ length: 100 }, (_, i) => `X-${i}: y`)
  const { message, defect } = parse([...INVITE, ...many])
  expect(defect?.status).toBe(400)
  expect(message.headers.fields.length).toBeLessThanOrEqual(LIMITS.headerLines)
})

test('bytes without a SIP start line are no message', () => {
  for (const text of [
    '',
    '\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'hello',
    'SIP/2.0 abc\r\n\r\n',
    '\u0000\u0001',
  ]) {
    expect(parseMessage(Buffer.from(text), LIMITS)).toBeUndefined()
  }
})

test('a response needs no reason phrase', () => {
  for (const line of ['SIP/2.0 200 OK', 'SIP/2.0 200 ', 'SIP/2.0 200', 'sip/2.0 200 =\u00e9=']) {
    expect(parse([line]).message).toMatchObject({ kind: 'response', status: 200 })
  }
})

test('a line of two CRs ends no head, with folded lines or without', () => {
  for (const folded of [[], ['Subject: one', ' two']]) {
    const { message, defect } = parse(
      [...INVITE, '\r', 'Max-Forwards: 9', ...folded, 'Content-Length: 4'],
      'body',
    )
    expect(defect).toEqual({ status: 400, reason: 'Malformed Header Field' })
    expect(message.headers.get('max-forwards')).toBe('9')
    expect(message.body.toString()).toBe('body')
  }
})

test('the first Contact is found behind a line without any', () => {
  expect(contactUri(parse([...INVITE, 'Contact:', 'Contact: <sip:a@b>']).message)).toBe('sip:a@b')
  expect(contactUri(parse([...INVITE, 'Contact:']).message)).toBeUndefined()
})

test('a Request-URI with a control character is refused', () => {
  for (const uri of ['sip:b\0b@example.com', 'sip:bob@example.com;x=\x7f', 'tel:+1\x012', 'tel:']) {
    const { message, defect } = parse([`INVITE ${uri} SIP/2.0`, ...INVITE.slice(1), 'Contact: <sip:a@b>'])
    expect(defect).toBeUndefined()
    expect(message.kind === 'request' && requestDefect(message)?.status).toBe(400)
  }
})
