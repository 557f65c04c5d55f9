import { describe, expect, it } from 'vitest'
import { routeCommand } from '../../src/cli/route.js'
import { explainOffline } from '../../src/compose/route.js'
import { TestServer, users } from '../support/server.js'
import { run } from './support/run.js'
import { freePort, site } from './support/site.js'

const command = routeCommand({ explain: explainOffline })

const REGIONS = `
sip:
  engine: drachtio
  servers:
    - { name: eu-1, host: 192.0.2.1, secret: s, region: eu }
    - { name: us-1, host: 192.0.2.2, secret: s, region: us }
media:
  engine: freeswitch
  servers:
    - { name: fs-eu, host: 192.0.2.3, secret: s, region: eu }
    - { name: fs-us, host: 192.0.2.4, secret: s, region: us, weight: 0 }
regions: { eu: , us: }
paths: { costs: [{ from: eu, to: us, cost: 80 }] }
trunks:
  carrier: { match: [198.51.100.0/24], region: us }
  out: { proxy: 'sip:192.0.2.9', region: us }
users: { alice: { numbers: ['+15551001'] } }
routes: [{ match: '+1999*', uri: 'sip:+19995555@far.example', trunk: out }]
`

async function offline(...argv: readonly string[]) {
  const { config } = site(`${REGIONS}\nhttp: { port: ${await freePort()} }`)
  return run(command, [...argv, '--config', config])
}

describe('reveille route', () => {
  it('explains from the configuration alone by which regions a call would go', async () => {
    const { code, out, err } = await offline('--from', 'carrier', '--to', '+19995555')
    expect([code, err]).toEqual([0, expect.stringContaining('from the configuration alone')])
    expect(out.split('\n').map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      'from carrier, by us-1 in us',
      'media eu',
      'from us to us',
      'media in eu: cost 160, load 0, chosen',
      'media in us: takes no more',
      'leg sip:+19995555@far.example through out: trunk, in us, by us-1',
      'from media in eu to us by us-1 in us: cost 80',
      '',
    ])
  })

  it('takes an address for the trunk that it is of', async () => {
    const { out } = await offline('--from', '198.51.100.7', '--to', '+19995555', '--json')
    expect(JSON.parse(out)).toMatchObject({
      from: { trunk: 'carrier', gateway: 'us-1', region: 'us' },
      media: { region: 'eu' },
      legs: [{ how: 'trunk', gateway: 'us-1', region: 'us' }],
      ending: null,
    })
  })

  it('says so where it knows no phone, no number and no trunk', async () => {
    expect((await offline('--from', 'carrier', '--to', '+15551001')).out).toContain(
      'no phone of alice is known here',
    )
    expect((await offline('--from', 'carrier', '--to', '7')).out).toContain('nobody has the number 7')
    expect(await offline('--from', 'nowhere', '--to', '7')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no trunk is nowhere') as string,
    })
  })

  it('needs both ends', async () => {
    expect(await offline('--from', 'carrier')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--from and --to are both needed') as string,
    })
  })

  it('asks the running server, which knows what is registered where', async () => {
    const server = await TestServer.start({ users: users(['ada']) })
    try {
      await server.sleepingPhone('token-ada', 'ada', { protocol: 'tcp' })
      const { config } = site(`http: { port: ${server.server.http.port} }`)
      const { code, out, err } = await run(command, ['--from', 'carrier', '--to', 'ada', '--config', config])
      expect([code, err]).toEqual([0, expect.stringContaining('from the server at')])
      expect(out).toMatch(/device \S+ of ada: registered, in no region, by/)
      const unknown = await run(command, ['--from', 'nowhere', '--to', 'ada', '--config', config])
      expect(unknown).toMatchObject({
        code: 1,
        err: expect.stringContaining('No trunk is nowhere') as string,
      })
    } finally {
      await server.close()
    }
  })
})
