import { describe, expect, test } from 'vitest'
import { Headers } from '../../../../src/embedded/sip/message/headers.js'
import { wireName } from '../../../../src/embedded/sip/message/names.js'
import { formatNameAddr, parseNameAddr, withTag } from '../../../../src/embedded/sip/message/name-addr.js'
import { formatUri, parseUri } from '../../../../src/embedded/sip/message/uri.js'
import {
  parseCSeq,
  parseParams,
  parseRAck,
  parseSessionExpires,
  splitList,
} from '../../../../src/embedded/sip/message/values.js'
import { formatVia, parseVia, stampVia } from '../../../../src/embedded/sip/message/via.js'
import { replaceTopVia, response } from '../../../../src/embedded/sip/message/message.js'

describe('SIP URIs', () => {
  test.each([
    'sip:example.com',
    'sip:bob@example.com:5070;transport=tcp;lr',
    'sips:1212@gateway.com',
    'sip:alice:secret@[2001:db8::10]:5061;ttl=15',
    'sip:user;par=u%40example.net@example.com',
    'sip:a@b?subject=x&y=z',
  ])('%s is read and written back the same', (text) => {
    const uri = parseUri(text)
    expect(uri && formatUri(uri)).toBe(text)
  })

  test('the host is compared in lower case, the user as written', () => {
    expect(parseUri('SIP:Bob@EXAMPLE.com')).toMatchObject({ scheme: 'sip', user: 'Bob', host: 'example.com' })
  })

  test.each([
    '',
    'bob',
    'tel:+1',
    'sip:',
    'sip:@x',
    'sip:a@',
    'sip:a@b:0',
    'sip:a@b:99999',
    'sip:a b@c',
    'sip:a@b;=x',
    'sip:a@b:5060\ufeff',
    'sip:a\0@b',
  ])('%j is no SIP URI', (text) => expect(parseUri(text)).toBeUndefined())
})

describe('addresses', () => {
  test.each([
    ['<sip:a@b>;tag=1', { display: '', uri: 'sip:a@b' }],
    ['Bob <sip:a@b>', { display: 'Bob', uri: 'sip:a@b' }],
    ['"B \\" <o>" <sip:a@b>;tag=x', { display: '"B \\" <o>"', uri: 'sip:a@b' }],
    ['sip:a@b;tag=x', { display: '', uri: 'sip:a@b', bracketed: false }],
    ['  < sip:a@b >  ;  tag = x ', { uri: 'sip:a@b' }],
  ])('%j', (text, expected) => {
    expect(parseNameAddr(text)).toMatchObject(expected)
  })

  test.each([
    '"unclosed <sip:a@b>',
    '<sip:a@b',
    'sip:a@b?x=y',
    '"quoted only"',
    '',
    '<sip:a@b>;;',
    '<sip:a@b>;a="x',
  ])('%j is refused', (text) => expect(parseNameAddr(text)).toBeUndefined())

  test('a tag replaces the one that was there', () => {
    expect(withTag('"B" <sip:a@b>;x=y;tag=1', '2')).toBe('"B" <sip:a@b>;x=y;tag=2')
    expect(withTag('sip:a@b', 't')).toBe('<sip:a@b>;tag=t')
    expect(withTag('<sip:a@b>;tag=1', undefined)).toBe('<sip:a@b>')
  })

  test('an address is written back with its parameters', () => {
    const address = parseNameAddr('"x" <sip:a@b>;q=0.5;flag')
    expect(address && formatNameAddr(address)).toBe('"x" <sip:a@b>;q=0.5;flag')
  })
})

describe('Via', () => {
  test('white space is allowed around its parts', () => {
    expect(parseVia('SIP  / 2.0 / TCP   spindle.example.com ; branch = z9hG4bK1 ; x')).toMatchObject({
      transport: 'TCP',
      host: 'spindle.example.com',
    })
  })

  test('the source is written into it, also where rport was not asked for', () => {
    const via = parseVia('SIP/2.0/UDP [2001:db8::9]:5060;branch=z9hG4bKx')
    expect(via && formatVia(stampVia(via, { address: '192.0.2.9', port: 4000 }))).toBe(
      'SIP/2.0/UDP [2001:db8::9]:5060;branch=z9hG4bKx;received=192.0.2.9;rport=4000',
    )
  })

  test.each(['SIP/2.0/UDP', 'UDP host', 'SIP/3.0/UDP h', 'SIP/2.0/UDP h;;,;,,', 'SIP/2.0/UDP h:x'])(
    '%j is refused',
    (text) => expect(parseVia(text)).toBeUndefined(),
  )

  test('the top value goes, whether the list is in one line or in several', () => {
    const one = response(200, 'OK', new Headers().add('Via', 'SIP/2.0/UDP a, SIP/2.0/UDP b'))
    replaceTopVia(one, undefined)
    expect(one.headers.list('via')).toEqual(['SIP/2.0/UDP b'])
    const headers = new Headers()
      .add('v', 'SIP/2.0/UDP a')
      .add('Via', 'SIP/2.0/UDP b')
      .add('Via', 'SIP/2.0/UDP c')
    const several = response(200, 'OK', headers)
    replaceTopVia(several, undefined)
    expect(several.headers.list('via')).toEqual(['SIP/2.0/UDP b', 'SIP/2.0/UDP c'])
  })
})

describe('other values', () => {
  test('CSeq is below 2^31', () => {
    expect(parseCSeq('  0009\t INVITE ')).toEqual({ number: 9, method: 'INVITE' })
    expect(parseCSeq('2147483647 X')).toEqual({ number: 2147483647, method: 'X' })
    for (const bad of ['2147483648 X', '-1 X', '1', 'X', '36893488147419103232 X'])
      expect(parseCSeq(bad)).toBeUndefined()
  })

  test('RAck names the response and its request', () => {
    expect(parseRAck('776656 1 INVITE')).toEqual({ rseq: 776656, number: 1, method: 'INVITE' })
    expect(parseRAck('1 INVITE')).toBeUndefined()
  })

  test('Session-Expires may name the refresher', () => {
    expect(parseSessionExpires('1800')).toEqual({ interval: 1800 })
    expect(parseSessionExpires(' 90 ; refresher = uas ')).toEqual({ interval: 90, refresher: 'uas' })
    expect(parseSessionExpires('soon')).toBeUndefined()
  })

  test('a list drops empty entries', () => {
    expect(splitList(' a ,, b ,')).toEqual(['a', 'b'])
    expect(splitList('  ')).toEqual([])
  })

  test('parameters may be flags, tokens or quoted strings', () => {
    expect(parseParams(';a;b=c;d="e;f\\"g"')).toEqual(
      new Map([
        ['a', ''],
        ['b', 'c'],
        ['d', '"e;f\\"g"'],
      ]),
    )
    for (const bad of [';', 'a=b', ';a="b', ';=b', ';a b']) expect(parseParams(bad)).toBeUndefined()
  })

  test('names that apps write in lower case go out in their usual spelling', () => {
    expect(
      ['call-id', 'cseq', 'rack', 'www-authenticate', 'p-asserted-identity', 'l', 'X-my-Own'].map(wireName),
    ).toEqual([
      'Call-ID',
      'CSeq',
      'RAck',
      'WWW-Authenticate',
      'P-Asserted-Identity',
      'Content-Length',
      'X-my-Own',
    ])
  })

  test('a changed header is parsed anew', () => {
    const headers = new Headers().add('CSeq', '1 INVITE')
    expect(headers.parsed('cseq', parseCSeq)?.number).toBe(1)
    headers.set('cseq', '2 INVITE')
    expect(headers.parsed('cseq', parseCSeq)?.number).toBe(2)
    expect(headers.fields.map(({ name }) => name)).toEqual(['CSeq'])
  })
})
