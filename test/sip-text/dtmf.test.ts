import { describe, expect, it } from 'vitest'
import { digitOf } from '../../src/sip-text/dtmf.js'

describe('the key in an INFO request', () => {
  it.each([
    ['application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n', '5'],
    ['application/dtmf-relay', 'Duration= 160\nSignal= #\n', '#'],
    ['application/dtmf-relay', '\r\nsignal = *\r\n', '*'],
    ['Application/DTMF-Relay; charset=utf-8', 'Signal=d', 'D'],
    ['application/dtmf-relay', 'Signal=10\r\nDuration=250\r\n', '*'],
    ['application/dtmf', '7', '7'],
    ['application/dtmf', ' 0\r\n', '0'],
    ['application/dtmf', '11', '#'],
    ['application/dtmf', '15', 'D'],
  ])('of %s, %j, is %s', (contentType, body, digit) => {
    expect(digitOf(contentType, body)).toBe(digit)
  })

  it.each([
    ['application/dtmf-relay', ''],
    ['application/dtmf-relay', '5'],
    ['application/dtmf-relay', 'Signal=\r\nDuration=5\r\n'],
    ['application/dtmf-relay', 'Signal=16\r\nDuration=160\r\n'],
    ['application/dtmf-relay', 'NoSignal=5'],
    ['application/dtmf', 'Signal=5'],
    ['application/dtmf', '55'],
    ['application/dtmf', '-1'],
    ['application/sdp', '5'],
    ['text/plain', 'Signal=5'],
    ['', '5'],
  ])('of %s, %j, is none', (contentType, body) => {
    expect(digitOf(contentType, body)).toBeUndefined()
  })
})
