import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { PATIENCE_MS, ServerProcess } from '../../test/support/process.js'
import { freePorts } from '../load/ports.js'
import { passwordOf, phoneNumber, providerOf } from '../load/plan.js'
import { pin } from '../load/processes.js'
import type { Peer, PeerOptions } from './peer.js'

/** The longest there is: calls that wait are to wait as long as their run does. */
const RING = '10m'
/** Between two questions whether it is up. */
const ASK_MS = 50

/** Reveille on its embedded engines as a user starts it: `reveille start --config`, with a database in a folder. */
export async function startReveille(options: PeerOptions): Promise<Peer> {
  const directory = await mkdtemp(join(tmpdir(), 'reveille-bench-'))
  const [sip = 0, http = 0] = await freePorts(2)
  const file = join(directory, 'reveille.yaml')
  await writeFile(file, stringify(configuration(options, sip, http)))
  const server = ServerProcess.launch(['--config', file], directory)
  try {
    await ready(server, http)
    if (options.cores !== '') pin(server.pid, options.cores)
  } catch (error) {
    await server.kill()
    await rm(directory, { recursive: true, force: true })
    throw error
  }
  return {
    server: { host: '127.0.0.1', port: sip },
    pid: server.pid,
    faults: () => [...server.logged.map((line) => JSON.stringify(line)), server.stderr].filter(Boolean),
    stop: async () => {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function configuration({ domain, pushPorts, phones }: PeerOptions, sip: number, http: number): object {
  const share = Math.ceil(phones / pushPorts.length)
  const users = pushPorts.flatMap((_, worker) =>
    Array.from({ length: share }, (_, n) => {
      const number = phoneNumber(worker, n)
      return [String(number), { password: passwordOf(number), ring: RING }] as const
    }),
  )
  const push = pushPorts.map((port, worker) => [
    providerOf(worker),
    { adapter: 'webhook', url: `http://127.0.0.1:${port}/push/{token}` },
  ])
  return {
    sip: { domain, listen: [{ protocol: 'udp', host: '127.0.0.1', port: sip }] },
    media: { ports: '20000-29999' },
    database: { path: './data' },
    push: Object.fromEntries(push) as object,
    http: { port: http },
    log: { level: 'warn' },
    trunks: { carrier: { match: ['127.0.0.0/8'], trusted: true, ringback: 'early-media' } },
    users: Object.fromEntries(users),
  }
}

/** It says nothing at this level of its log, so that it is asked. */
async function ready(server: ServerProcess, http: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (performance.now() < end) {
    if (server.over) throw new Error(`the server ended as it started: ${server.stderr}`)
    if (await isReady(http)) return
    await sleep(ASK_MS)
  }
  throw new Error('the server was not ready in time')
}

async function isReady(http: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${http}/readyz`)).ok
  } catch (error) {
    // Nobody listens yet.
    if (error instanceof TypeError) return false
    throw error
  }
}
