import { describe, expect, test } from 'vitest'
import { codesOf } from '../../src/forwarding/codes.js'
import { subscriberTable } from '../../src/forwarding/subscribers.js'
import { CELL, configOf, line } from './support/site.js'

function codes(settings: string, more = '', number = CELL) {
  const subscriber = subscriberTable(configOf(line(number, settings), more)).subscriber(number)
  if (subscriber === undefined) throw new Error('no such subscriber')
  return codesOf(subscriber)
}

describe('the codes that point the forwarding at the DID', () => {
  test('are those of GSM for speech, with the number in full and the seconds of the configuration', () => {
    expect(codes(', no-reply: 15s')).toEqual({
      busy: {
        ...{ set: '**67*+12025550199#', activate: '*67*+12025550199#', deactivate: '#67#' },
        ...{ erase: '##67#', query: '*#67#' },
      },
      noReply: {
        ...{ set: '**61*+12025550199*11*15#', activate: '*61*+12025550199*11*15#', deactivate: '#61#' },
        ...{ erase: '##61#', query: '*#61#' },
      },
      notReachable: {
        ...{ set: '**62*+12025550199#', activate: '*62*+12025550199#', deactivate: '#62#' },
        ...{ erase: '##62#', query: '*#62#' },
      },
      conditional: {
        ...{ set: '**004*+12025550199#', activate: '*004*+12025550199#', deactivate: '#004#' },
        ...{ erase: '##004#', query: '*#004#' },
      },
    })
  })

  test('are those of CDMA, with the number as it is dialled at home', () => {
    expect(codes(', carrier: cdma')).toEqual({
      busy: { set: '*902025550199', erase: '*900' },
      noReply: { set: '*922025550199', erase: '*920' },
    })
    expect(codes(', carrier: cdma', '', '+4915123456789').busy?.set).toBe('*90+12025550199')
  })

  test('are those of the configuration over those of the family', () => {
    const carriers = `carriers: {mvno: {like: cdma, number: international, codes: {busy: {set: '*74{did}'}}}}`
    expect(codes(', carrier: mvno', carriers)).toEqual({
      busy: { set: '*74+12025550199' },
      noReply: { set: '*92+12025550199', erase: '*920' },
    })
    const gsm = `carriers: {gsm: {codes: {conditional: {set: '**004*{did}*11*{seconds}#'}}}}`
    expect(codes('', gsm).conditional?.set).toBe('**004*+12025550199*11*20#')
  })
})
