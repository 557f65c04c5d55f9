import { describe, expect, test } from 'vitest'
import { readDestination } from '../../src/outgoing/destination.js'
import { permits } from '../../src/outgoing/permit.js'
import { begins, canonical } from '../../src/routing/dialled.js'

describe('what a client asks for', () => {
  test.each([
    ['+1 (202) 555-0123', '+12025550123'],
    ['tel:+1-202-555-0123', '+12025550123'],
    ['sip:+12025550123@example.net;user=phone', '+12025550123'],
    ['sip:+12025550123;phone-context=x@192.0.2.1', '+12025550123'],
    ['001 202 555 0123', '+12025550123'],
    ['7000', '7000'],
    ['*97', '*97'],
  ])('is a number: %s', (text, number) => {
    expect(readDestination(text, undefined)).toMatchObject({ kind: 'number', number })
  })

  test.each([
    ['bob', { kind: 'name', name: 'bob' }],
    ['sip:bob@example.net', { kind: 'name', name: 'bob' }],
    ['user:bob', { kind: 'user', name: 'bob' }],
    ['client:tablet-7', { kind: 'user', name: 'tablet-7' }],
    ['group:sales', { kind: 'group', name: 'sales' }],
  ])('is a name: %s', (text, wanted) => {
    expect(readDestination(text, undefined)).toEqual(wanted)
  })

  test.each([
    '',
    'user:',
    'sip:example.net',
    'mailto:bob@example.net',
    'b o b',
    'bob;x',
    '+005352345678',
    '00005352345678',
    'tel:+0053-52345678',
    '+01153523456789',
    '00',
    '+1234567890123456',
    `x${'y'.repeat(300)}`,
  ])('is nothing that can be called: %s', (text) => {
    expect(readDestination(text, undefined)).toBeUndefined()
  })

  test('is read within the country that is configured', () => {
    expect(canonical('5550123', 'US')).toBe('5550123')
    expect(canonical('2024561111', 'US')).toBe('+12024561111')
    expect(canonical('011442079460000', 'US')).toBe('+442079460000')
    expect(canonical('03012345678', 'DE')).toBe('+493012345678')
    expect(canonical('7000', 'DE')).toBe('7000')
  })
})

describe('a grant', () => {
  const number = (text: string) => {
    const wanted = readDestination(text, undefined)
    if (wanted?.kind !== 'number') throw new Error(`${text} is no number`)
    return wanted
  }

  test('allows numbers that begin so, and one that is written out', () => {
    expect(permits(['+1555*'], number('+15550123'))).toBe(true)
    expect(permits(['+1555*'], number('0015550123'))).toBe(true)
    expect(permits(['+1 (555) 0123'], number('+15550123'))).toBe(true)
    expect(permits(['+15550123'], number('+155501234'))).toBe(false)
    expect(permits(['+1555*'], number('+1556'))).toBe(false)
  })

  test('of local numbers is none of numbers abroad, nor the other way round', () => {
    expect(permits(['7*'], number('7000'))).toBe(true)
    expect(permits(['7*'], number('+74951234567'))).toBe(false)
    expect(permits(['+1*'], number('15550123'))).toBe(false)
    expect(permits(['+*'], number('+15550123'))).toBe(true)
    expect(permits(['+*'], number('7000'))).toBe(false)
  })

  test('with a star allows every number and nobody by name', () => {
    expect(permits(['*'], number('+15550123'))).toBe(true)
    expect(permits(['*'], number('*97'))).toBe(true)
    expect(permits(['*'], { kind: 'user', name: 'bob' })).toBe(false)
  })

  test('allows a name, or all names of its kind', () => {
    const bob = { kind: 'user', name: 'bob' } as const
    const sales = { kind: 'group', name: 'sales' } as const
    expect(permits(['user:bob'], bob)).toBe(true)
    expect(permits(['client:bob'], bob)).toBe(true)
    expect(permits(['user:*'], bob)).toBe(true)
    expect(permits(['user:*'], sales)).toBe(false)
    expect(permits(['group:sales'], sales)).toBe(true)
    expect(permits(['group:sales'], bob)).toBe(false)
    expect(permits(['user:bo'], bob)).toBe(false)
  })

  test('of no number at all allows none', () => {
    for (const pattern of ['', '+', 'abc', '()', '00', 'user']) {
      expect(permits([pattern], number('+15550123'))).toBe(false)
    }
  })

  test('what is blocked is found however it is dialled', () => {
    for (const dialled of ['+19005550123', '0019005550123', '19005550123']) {
      expect(begins('+1900*', number(dialled))).toBe(true)
    }
    expect(begins('+1900*', number('+18005550123'))).toBe(false)
  })
})
