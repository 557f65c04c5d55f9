import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { standInIdentity } from '../../../support/push/identity.js'
import { sipIdentity, sipPem } from '../../../support/sip/identity.js'
import { respond } from '../support/app.js'
import { Caller } from '../support/caller.js'
import type { Peer } from '../support/peer.js'
import { TlsPeer } from '../support/tls-peer.js'
import { WebSocketPeer } from '../support/websocket-peer.js'
import { until, World } from '../support/world.js'

const HOST = '127.0.0.1'
const OLD = 'Reveille push stand-in'
const NEW = 'Reveille SIP edge'

let directory: string
let files: { cert: string; key: string }

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'reveille-tls-'))
  files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') }
  await writeFile(files.cert, standInIdentity.cert)
  await writeFile(files.key, standInIdentity.key)
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

function start(protocol: 'tls' | 'wss'): Promise<World> {
  return World.start({
    listen: [{ protocol, host: HOST, port: 0, tls: files }],
    limits: { certificateCheck: 20 },
  })
}

/** Connects, and says what certificate was shown. */
async function open(world: World, protocol: 'tls' | 'wss'): Promise<{ peer: Peer; shown: string }> {
  const options = { ca: [sipPem.ca, standInIdentity.ca] }
  if (protocol === 'tls') {
    const peer = await TlsPeer.open(world.at(protocol), options)
    world.peers.push(peer)
    return { peer, shown: peer.shown }
  }
  const peer = await WebSocketPeer.open(protocol, world.at(protocol), options)
  world.peers.push(peer)
  const { _socket: tls } = peer.socket as unknown as { _socket: TLSSocket }
  return { peer, shown: String(tls.getPeerCertificate().subject.CN) }
}

async function shows(world: World, protocol: 'tls' | 'wss', name: string): Promise<void> {
  let shown = ''
  while (shown !== name) {
    const connection = await open(world, protocol)
    shown = connection.shown
    connection.peer.close()
  }
}

test.each(['tls', 'wss'] as const)(
  'a certificate that was renewed is shown to who connects over %s, and calls go on over old connections',
  async (protocol) => {
    const world = await start(protocol)
    const app = await world.app()
    const options = app.take('options')
    const before = await open(world, protocol)
    expect(before.shown).toBe(OLD)
    await copyFile(sipIdentity.cert, files.cert)
    await copyFile(sipIdentity.key, files.key)
    await shows(world, protocol, NEW)
    new Caller(before.peer).send('OPTIONS')
    await respond((await options.next()).res, 200)
    await before.peer.status(200, 'OPTIONS')
    expect(world.faults).toEqual([])
  },
)

test('a new certificate that is bad is reported once, and the old one stays until there is a good one', async () => {
  const world = await start('tls')
  await writeFile(files.cert, 'no certificate')
  await until(() => world.faults.length > 0, 'the report')
  expect(world.faults).toMatchObject([{ error: { message: expect.stringContaining(files.cert) as string } }])
  expect((await open(world, 'tls')).shown).toBe(OLD)
  await copyFile(sipIdentity.key, files.key)
  await until(() => world.faults.length > 1, 'the report of the other state')
  await copyFile(sipIdentity.cert, files.cert)
  await shows(world, 'tls', NEW)
  expect(world.faults).toHaveLength(2)
})

test.each([
  ['is not there', { cert: '/nowhere/cert.pem', key: sipIdentity.key }],
  [
    'does not belong to the key',
    { cert: sipIdentity.cert, key: new URL('../../../support/push/tls/key.pem', import.meta.url).pathname },
  ],
])('a server does not start with a certificate that %s, and says which', async (_, tls) => {
  await expect(
    World.start({
      listen: [
        { protocol: 'tcp', host: HOST, port: 0 },
        { protocol: 'wss', host: HOST, port: 0, tls },
      ],
    }),
  ).rejects.toThrow(tls.cert)
})
