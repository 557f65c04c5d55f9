import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config/index.js'

function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text, 'r.yaml', {})
  } catch (error) {
    if (error instanceof ConfigError)
      return error.message.split('\n').map((line) => line.replace('r.yaml:', ''))
    throw error
  }
  return []
}

const TWO = `
sip: { listen: [{ protocol: udp, port: 5060 }], region: eu }
media: { region: eu, ports: 20000-20999 }
regions:
  eu: {}
  us: { listen: [{ protocol: udp, port: 5062 }], media: { host: 127.0.0.1, ports: 21000-21999 } }
paths: { costs: [{ from: eu, to: us, cost: 80 }] }
trunks: { carrier: { match: [192.0.2.1], region: us } }
`

describe('regions in a configuration', () => {
  it('have embedded engines of their own on one machine', () => {
    const config = parseConfig(TWO, 'r.yaml', {})
    expect(config.sip).toMatchObject({ region: 'eu' })
    expect(config.regions.get('eu')).toEqual({})
    expect(config.regions.get('us')).toMatchObject({
      listen: [{ protocol: 'udp', host: '127.0.0.1', port: 5062 }],
      media: { host: '127.0.0.1', ports: { from: 21_000, to: 21_999 } },
    })
    expect(config.paths).toEqual({
      costs: [{ from: 'eu', to: 'us', cost: 80 }],
      rehome: true,
      rehomeRate: 20,
    })
    expect(config.trunks.get('carrier')).toMatchObject({ region: 'us' })
  })

  it.each([
    ['sip: {region: eu}', '1:15: sip.region: there is no region eu'],
    ['media: {region: ue}\nregions: {eu: }', '1:17: media.region: there is no region ue; did you mean eu?'],
    ['trunks: {t: {match: [10.0.0.1], region: eu}}', '1:41: trunks.t.region: there is no region eu'],
    [
      'regions: {eu: }\npaths: {costs: [{from: eu, to: us, cost: 1}]}',
      '2:32: paths.costs[0].to: there is no region us',
    ],
    [
      'regions: {eu: }\npaths: {costs: [{from: eu, to: eu, cost: 1}, {from: eu, to: eu, cost: 2}]}',
      '2:46: paths.costs[1]: is there already',
    ],
    [
      'regions: {eu: {media: {host: 127.0.0.1, ports: 20500-20599}}}',
      '1:48: regions.eu.media.ports: are ports of media already, on the same address',
    ],
    [
      'media: {engine: freeswitch, servers: [{name: a, host: b, secret: c}]}\nregions: {eu: {media: {host: 127.0.0.1, ports: 20500-20599}}}',
      '2:23: regions.eu.media: is for the embedded engine; media.servers have a region each',
    ],
    ['regions: {eu: {advertise: x}}', '1:27: regions.eu.advertise: is of no use without listen'],
    [
      'regions: {eu: {listen: [{protocol: udp, host: 0.0.0.0}]}}',
      '1:47: regions.eu.listen[0].host: is every address: advertise must say at which one we are reached',
    ],
    [
      'regions: {eu: {listen: [{protocol: tcp}, {protocol: ws, port: 5060}]}}',
      '1:42: regions.eu.listen[1]: collides with an entry before it',
    ],
  ])('are refused where they make no sense: %s', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })
})
