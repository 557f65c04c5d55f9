import { describe, expect, it } from 'vitest'
import { readDialCode } from '../../../src/demo/carrier/index.js'

const did = '+12025550199'

describe('a network', () => {
  it.each([
    [`**67*${did}#`, { procedure: 'set', conditions: ['busy'], number: did }],
    [`*67*${did}#`, { procedure: 'set', conditions: ['busy'], number: did }],
    [`**61*${did}*11*15#`, { procedure: 'set', conditions: ['no-reply'], number: did, afterSeconds: 15 }],
    [`**62*${did}#`, { procedure: 'set', conditions: ['not-reachable'], number: did }],
    [`**004*${did}#`, { procedure: 'set', conditions: ['busy', 'no-reply', 'not-reachable'], number: did }],
    ['*67#', { procedure: 'activate', conditions: ['busy'] }],
    ['#67#', { procedure: 'deactivate', conditions: ['busy'] }],
    ['##67#', { procedure: 'erase', conditions: ['busy'] }],
    ['*#67#', { procedure: 'query', conditions: ['busy'] }],
    ['*902025550199', { procedure: 'set', conditions: ['busy'], number: '2025550199' }],
    ['*900', { procedure: 'erase', conditions: ['busy'] }],
  ])('understands %s', (code, command) => {
    expect(readDialCode(code)).toEqual(command)
  })

  it.each(['+12025550199', '**67#', '**99*123#', '*#06#', '67', ''])('takes %j for no forwarding', (code) => {
    expect(readDialCode(code)).toBeUndefined()
  })
})
