import { expect, test } from 'vitest'
import { StreamFraming, type StreamEvent } from '../../../../src/embedded/sip/message/stream-framing.js'

function message(body: string, name = 'OPTIONS'): string {
  return `${name} sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

function texts(events: StreamEvent[]): string[] {
  return events.map((event) => (event.kind === 'message' ? event.bytes.toString() : event.kind))
}

test('several messages in one read are told apart', () => {
  const all = [message('one'), message(''), message('thr\u00e9\u00e9')]
  expect(texts(new StreamFraming(65_535).push(Buffer.from(all.join(''))))).toEqual(all)
})

test('one message over as many reads as it has bytes is put together', () => {
  const framing = new StreamFraming(65_535)
  const bytes = Buffer.from(message('h\u00e9llo') + message('next'))
  const events = [...bytes].flatMap((byte) => framing.push(Buffer.from([byte])))
  expect(texts(events)).toEqual([message('h\u00e9llo'), message('next')])
  expect(framing.buffered).toBe(0)
})

test('empty lines between messages are skipped, and two in a row are a ping', () => {
  const framing = new StreamFraming(65_535)
  expect(texts(framing.push(Buffer.from(`\r\n${message('a')}\r\n\r\n${message('b')}`)))).toEqual([
    message('a'),
    'ping',
    message('b'),
  ])
  expect(texts(framing.push(Buffer.from('\r\n')))).toEqual([])
  expect(texts(framing.push(Buffer.from('\r\n')))).toEqual(['ping'])
})

test('a compact or odd-cased Content-Length counts', () => {
  const text = 'OPTIONS sip:a@b SIP/2.0\r\nl :  2\r\n\r\nxx'
  expect(texts(new StreamFraming(1000).push(Buffer.from(`${text}${text}`)))).toEqual([text, text])
})

test('a Content-Length that is no number, or given twice, breaks the stream', () => {
  for (const lines of [
    'Content-Length: -5',
    'Content-Length: x',
    'Content-Length: 1\r\nl: 1',
    'Content-Length:',
  ]) {
    const events = new StreamFraming(1000).push(Buffer.from(`OPTIONS sip:a@b SIP/2.0\r\n${lines}\r\n\r\nx`))
    expect(texts(events)).toEqual(['broken'])
  }
})

test('a message beyond the limit breaks the stream, with or without the end of its head', () => {
  expect(texts(new StreamFraming(100).push(Buffer.from(message('x'.repeat(100)))))).toEqual(['broken'])
  expect(texts(new StreamFraming(100).push(Buffer.alloc(101, 'x')))).toEqual(['broken'])
})
