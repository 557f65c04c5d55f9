import { describe, expect, it } from 'vitest'
import { numberIn } from '../../src/sip-text/number.js'

describe('the number in an address', () => {
  it.each([
    ['sip:+14155550100@gw.example;user=phone', '+14155550100'],
    ['<sip:+1-415-555.0100;phone-context=example@gw>', '+14155550100'],
    ['"Desk" <sip:7000@pbx>', '7000'],
    ['<sip:*97@pbx>', '*97'],
    ['<sip:%2B14155550100@gw>', '+14155550100'],
    ['tel:+1-(415)-555-0100;ext=9', '+14155550100'],
    ['<tel:7000;phone-context=example.com>', '7000'],
  ])('%s is %s', (text, number) => {
    expect(numberIn(text)).toBe(number)
  })

  it.each(['<sip:alice@h>', '<sip:h>', '<mailto:1@h>', 'sip:+@h', 'sip:1+2@h', 'garbage', '<sip:a'])(
    '%s has none',
    (text) => {
      expect(numberIn(text)).toBeUndefined()
    },
  )
})
