import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { percentDecode, quote, splitOutside, unquote } from '../../src/sip-text/scan.js'

describe('splitting a header value', () => {
  it.each([
    ['a,b', ['a', 'b']],
    ['', ['']],
    ['"a,b",c', ['"a,b"', 'c']],
    ['"a\\",b",c', ['"a\\",b"', 'c']],
    ['<sip:a,b@h>,c', ['<sip:a,b@h>', 'c']],
    ['"<",<x>', ['"<"', '<x>']],
  ])('%j is cut only outside quotes and brackets', (text, parts) => {
    expect(splitOutside(text, ',')).toEqual(parts)
  })

  it.each(['"open', '<open', 'a>', '<a<b>>', '"ends in \\"'])('%j is refused, being unbalanced', (text) => {
    expect(splitOutside(text, ',')).toBeUndefined()
  })

  it('takes brackets for plain characters where the grammar has none', () => {
    expect(splitOutside('a<,>b', ',', { brackets: false })).toEqual(['a<', '>b'])
  })
})

describe('quoted strings', () => {
  it('come back from quoting as they were', () => {
    fc.assert(fc.property(fc.string(), (text) => unquote(quote(text)) === text))
  })

  it.each(['', '"', 'a', '"a', 'a"', '"a"b', '"a\\"'])('%j is no quoted string', (text) => {
    expect(unquote(text)).toBeUndefined()
  })
})

describe('percent escapes', () => {
  it.each([
    ['plain', 'plain'],
    ['a%3Ab%20c', 'a:b c'],
    ['%C3%A9', 'é'],
    ['+', '+'],
  ])('%j stands for %j', (text, decoded) => {
    expect(percentDecode(text)).toBe(decoded)
  })

  it.each(['%', '%4', '%zz', '%ff'])('%j is refused', (text) => {
    expect(percentDecode(text)).toBeUndefined()
  })
})
