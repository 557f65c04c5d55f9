import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseNameAddr, parseNameAddrList } from '../../src/sip-text/name-addr.js'
import { paramValue } from '../../src/sip-text/params.js'

describe('parsing an address', () => {
  it('reads display name, URI and header parameters apart', () => {
    const address = parseNameAddr(
      '"Bob \\"B\\" <x>; y, z" <sip:bob@h;transport=tcp>;Expires=60;+sip.instance="<urn:x>";ob',
    )
    expect(address).toMatchObject({ display: 'Bob "B" <x>; y, z', uri: 'sip:bob@h;transport=tcp' })
    expect(paramValue(address?.params ?? [], 'expires')).toBe('60')
    expect(paramValue(address?.params ?? [], '+sip.instance')).toBe('<urn:x>')
    expect(paramValue(address?.params ?? [], 'ob')).toBeNull()
    expect(paramValue(address?.params ?? [], 'q')).toBeUndefined()
  })

  it('gives parameters to the header where the URI has no brackets', () => {
    const address = parseNameAddr('sip:bob@h;expires=5')
    expect(address?.uri).toBe('sip:bob@h')
    expect(address?.params).toEqual([{ name: 'expires', value: '5', text: 'expires=5' }])
  })

  it.each([
    ['<sip:a@h>', undefined],
    ['Alice Smith <sip:a@h>', 'Alice Smith'],
    ['"" <sip:a@h>', ''],
    ['  "A"<sip:a@h>  ;x ; y = 1 ', 'A'],
  ])('accepts %j', (text, display) => {
    expect(parseNameAddr(text)).toMatchObject({ display, uri: 'sip:a@h' })
  })

  it.each([
    '',
    '   ',
    '<>',
    '<sip:a@h',
    'sip:a@h>',
    '"A <sip:a@h>',
    'A "B" <sip:a@h>',
    '<sip:a@h> x',
    '<sip:a@h>;=1',
    '<sip:a@h>;a b=1',
    '<sip:a@h>;x="1',
    '<sip:a@h>\r\nX: y',
    'sip:a@h x',
  ])('refuses %j', (text) => {
    expect(parseNameAddr(text)).toBeUndefined()
  })

  it('never throws, whatever comes', () => {
    const unit = fc.constantFrom('"', '<', '>', ';', ',', '=', '\\', 'a', ' ', '%', '@', ':', '\u0000', 'é')
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        parseNameAddrList(text)
      }),
    )
  })
})

describe('parsing a list of addresses', () => {
  it('does not cut at commas within quotes or brackets', () => {
    const list = parseNameAddrList('"A, B" <sip:a,b@h>;x="1,2", <sip:c@h>, ,sip:d@h')
    expect(list?.map((address) => address.uri)).toEqual(['sip:a,b@h', 'sip:c@h', 'sip:d@h'])
  })

  it('is refused whole where one element is malformed', () => {
    expect(parseNameAddrList('<sip:a@h>, <sip:b@h')).toBeUndefined()
    expect(parseNameAddrList('<sip:a@h>, <sip:b@h> junk')).toBeUndefined()
  })
})
