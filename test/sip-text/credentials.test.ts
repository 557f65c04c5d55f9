import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCredentials } from '../../src/sip-text/credentials.js'

const only = (text: string) => {
  const list = parseCredentials(text)
  expect(list).toHaveLength(1)
  return list?.[0]
}

describe('parsing credentials', () => {
  it('reads digest parameters, quoted or not, with spaces and commas in them', () => {
    const found = only('Digest username="a, \\"b\\"", realm = "r",nc=00000001 , uri="sip:h;x=<1>", qop=auth')
    expect(found?.scheme).toBe('digest')
    expect(Object.fromEntries(found?.params ?? [])).toEqual({
      username: 'a, "b"',
      realm: 'r',
      nc: '00000001',
      uri: 'sip:h;x=<1>',
      qop: 'auth',
    })
  })

  it('reads a bare token', () => {
    expect(only('Bearer eyJ0.eyJ1-_.sig=')).toMatchObject({ scheme: 'bearer', token: 'eyJ0.eyJ1-_.sig=' })
  })

  it('reads several sets out of one folded line', () => {
    const list = parseCredentials('Digest realm="a", nonce="1", Digest realm="b", nonce="2", Bearer abc')
    expect(list?.map((one) => [one.scheme, one.params.get('realm') ?? one.token])).toEqual([
      ['digest', 'a'],
      ['digest', 'b'],
      ['bearer', 'abc'],
    ])
  })

  it.each([
    '',
    'Digest',
    'realm="x"',
    'Digest realm="x',
    'Digest a=1, a=2',
    'Digest a=1, ,b=2',
    'Digest a=b c',
  ])('refuses %j', (text) => {
    expect(parseCredentials(text)).toBeUndefined()
  })

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseCredentials(`Digest ${text}`)
      }),
    )
  })
})
