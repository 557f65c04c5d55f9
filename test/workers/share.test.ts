import { expect, it } from 'vitest'
import { objectionTo, portsOf, shareOf } from '../../src/compose/workers/share.js'
import { type Config, parseConfig } from '../../src/config/index.js'

function readConfig(text: string): Config {
  return parseConfig(text, 'reveille.yaml', {})
}

it('divides RTP ports into pairs that no two workers have', () => {
  const shares = [1, 2, 3].map((worker) => portsOf({ from: 20_001, to: 20_021 }, { worker, workers: 3 }))
  // Ten pairs, 20002 to 20021: three for each, and one for nobody.
  expect(shares).toEqual([
    { from: 20_002, to: 20_007 },
    { from: 20_008, to: 20_013 },
    { from: 20_014, to: 20_019 },
  ])
})

it('gives each worker a name of its own, its ports, and the SIP servers of the parent', () => {
  const config = readConfig(`
database: { engine: postgres, url: "postgres://127.0.0.1/x" }
regions: { eu: { media: { host: 127.0.0.1, ports: 30000-30003 } } }
`)
  const gateways = [{ name: 'embedded', host: '127.0.0.1', port: 4000, secret: 's' }]
  const http = { address: '127.0.0.1', port: 8080, family: 'IPv4' }
  const own = shareOf(config, { worker: 2, workers: 2, node: 'a-2', gateways, http })
  expect(own.database).toMatchObject({ engine: 'postgres', node: 'a-2' })
  expect(own.sip).toMatchObject({ engine: 'drachtio', servers: gateways, domain: config.sip.domain })
  expect(own.media).toMatchObject({ ports: { from: 20_500, to: 20_999 } })
  expect(own.regions.get('eu')?.media).toMatchObject({ ports: { from: 30_002, to: 30_003 } })
})

it('leaves the SIP servers of the operator to each worker', () => {
  const config = readConfig(`
database: { engine: postgres, url: "postgres://127.0.0.1/x" }
sip: { engine: drachtio, servers: [{ name: edge, host: 127.0.0.1, secret: s }] }
`)
  const http = { address: '127.0.0.1', port: 8080, family: 'IPv4' }
  const share = { worker: 1, workers: 2, node: 'a-1', gateways: undefined, http }
  expect(shareOf(config, share).sip).toBe(config.sip)
})

it('says what keeps several workers from running', () => {
  expect(objectionTo(2, readConfig('http: { port: 8080 }'))).toMatchObject({ key: 'database.engine' })
  const scarce = `
database: { engine: postgres, url: "postgres://127.0.0.1/x" }
media: { ports: 20000-20003 }
`
  expect(objectionTo(3, readConfig(scarce))).toMatchObject({ key: 'media.ports' })
  expect(objectionTo(2, readConfig(scarce))).toBeUndefined()
})
