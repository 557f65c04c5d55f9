import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config/index.js'
import { routingConfig } from '../../src/routing/from-config.js'

const REST = `
  ben: {}
trunks: {in: {match: [127.0.0.1], presence: true}, out: {proxy: 'sip:10.0.0.1'}}
`

/** What is wrong with user ada. */
function complaints(ada: string): string[] {
  try {
    parseConfig(`users:\n  ada: ${ada}${REST}`, 'r.yaml', {})
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ key, message }) => `${key}: ${message}`)
    throw error
  }
  return []
}

describe('rules about presence', () => {
  it('are read in their order, with one word or several', () => {
    const config = parseConfig(
      `users:
  ada:
    watches: [ben, '*']
    when:
      - presence: do-not-disturb
        status: 486
      - presence: [busy, in-call]
        user: ben${REST}
clients: {when: [{presence: offline, number: '+15550100'}]}`,
      'r.yaml',
      {},
    )
    const { users, clients, trunks } = routingConfig(config)
    expect(users.get('ada')?.when).toEqual([
      { presence: ['do-not-disturb'], to: { kind: 'status', status: 486 } },
      { presence: ['busy', 'in-call'], to: { kind: 'user', user: 'ben' } },
    ])
    expect(users.get('ben')?.when).toEqual([])
    expect(clients.when).toEqual([{ presence: ['offline'], to: { kind: 'number', number: '+15550100' } }])
    expect(trunks.map(({ presence }) => presence)).toEqual([true, false])
    expect(config.users.get('ada')?.watches).toEqual(['ben', '*'])
  })

  it.each([
    ['{when: [{presence: bussy, user: ben}]}', 'presence: expected one of available, away, busy'],
    ['{when: [{presence: [], user: ben}]}', 'presence: expected one of'],
    ['{when: [{presence: [busy, gone], user: ben}]}', 'presence: expected one of'],
    ['{when: [{user: ben}]}', 'presence: is required'],
    ['{when: [{presence: busy}]}', 'needs exactly one of user'],
    ['{when: [{presence: busy, user: bem}]}', 'there is no user bem; did you mean ben?'],
    ['{when: [{presence: busy, uri: "sip:x", trunk: uot}]}', 'there is no trunk uot; did you mean out?'],
    ['{watches: [bne]}', 'there is no user bne; did you mean ben?'],
  ])('are refused as %s', (ada, complaint) => {
    expect(complaints(ada).join('\n')).toContain(complaint)
  })
})
