import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseUri, sameSipUri, type SipUri } from '../../src/sip-text/uri.js'

function sip(text: string): SipUri {
  const uri = parseUri(text)
  if (uri?.kind !== 'sip') throw new Error(`${text} is no SIP URI`)
  return uri
}

describe('parsing a URI', () => {
  it('takes a SIP URI apart', () => {
    expect(parseUri('SIPS:al%20ice:p%3Aw@Example.COM:5061;Transport=tcp;lr;x=a%3Db?Subject=hi&a=b')).toEqual({
      kind: 'sip',
      scheme: 'sips',
      user: 'al ice',
      password: 'p:w',
      host: 'example.com',
      port: 5061,
      params: [
        { name: 'transport', value: 'tcp' },
        { name: 'lr', value: null },
        { name: 'x', value: 'a%3Db' },
      ],
      headers: 'Subject=hi&a=b',
    })
  })

  it.each([
    ['sip:example.com', undefined, 'example.com', undefined],
    ['sip:a;b?c@h', 'a;b?c', 'h', undefined],
    ['sip:+15550100;phone-context=x@h:5070', '+15550100;phone-context=x', 'h', 5070],
    ['sip:u@[2001:DB8::1]:5060', 'u', '[2001:db8::1]', 5060],
    ['sip:u@under_score.local', 'u', 'under_score.local', undefined],
  ])('reads user, host and port of %s', (text, user, host, port) => {
    expect(sip(text)).toMatchObject({ user, host, port })
  })

  it('keeps other schemes as they are', () => {
    expect(parseUri('urn:service:sos')).toEqual({ kind: 'other', scheme: 'urn', text: 'urn:service:sos' })
    expect(parseUri('tel:+1-415-555-0100;ext=7')).toEqual({
      kind: 'tel',
      number: '+1-415-555-0100',
      params: [{ name: 'ext', value: '7' }],
    })
  })

  it.each([
    '',
    'alice',
    ':a',
    'sip:',
    'sip:@h',
    'sip:a@',
    'sip:a@b@c',
    'sip:a@h:0',
    'sip:a@h:65536',
    'sip:a@h:x',
    'sip:a@h h',
    'sip:a%4@h',
    'sip:a@[::1',
    'sip:a@h;=x',
    'sip:a@h\r\nX: y',
    '<sip:a@h>',
    'tel:',
    'tel:+',
    'tel:abc xyz',
    `sip:${'a'.repeat(9000)}@h`,
  ])('refuses %j', (text) => {
    expect(parseUri(text)).toBeUndefined()
  })

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('sip:', 'tel:', 'sip:a@', ''),
        (text, start) => {
          parseUri(start + text)
        },
      ),
    )
  })
})

describe('comparing SIP URIs (RFC 3261 §19.1.4)', () => {
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;newparam=5'],
    ['sip:alice@h?a=1&b=2', 'sip:alice@h?b=2&a=1'],
  ])('%s equals %s', (a, b) => {
    expect(sameSipUri(sip(a), sip(b))).toBe(true)
    expect(sameSipUri(sip(b), sip(a))).toBe(true)
  })

  it.each([
    ['sip:ALICE@h', 'sip:alice@h'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:carol@h;security=on', 'sip:carol@h;security=off'],
    ['sip:carol@h', 'sips:carol@h'],
    ['sip:h', 'sip:u@h'],
  ])('%s differs from %s', (a, b) => {
    expect(sameSipUri(sip(a), sip(b))).toBe(false)
    expect(sameSipUri(sip(b), sip(a))).toBe(false)
  })
})
