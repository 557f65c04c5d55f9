import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { PATIENCE_MS, ServerProcess } from '../../test/support/process.js'
import { freePorts } from '../load/ports.js'
import { passwordOf, phoneNumber, providerOf } from '../load/plan.js'
import { pin } from '../load/processes.js'
import { nodeFlags } from '../support/node-flags.js'
import { openEngines } from './engines.js'
import type { Peer, PeerOptions, Profiling } from './peer.js'

/** The longest there is: calls that wait are to wait as long as their run does. */
const RING = '10m'
/** Between two questions whether it is up. */
const ASK_MS = 50

export interface ReveilleOptions {
  /** What the caller gets while it waits, as of a trunk's configuration. */
  readonly ringback: 'early-media' | 'ringing'
  /** On drachtio, FreeSWITCH and PostgreSQL in place of the embedded engines. */
  readonly onEngines?: boolean
}

/** Reveille as a user starts it: `reveille start --config`, by default with a database in a folder. */
export async function startReveille(options: PeerOptions, kind: ReveilleOptions): Promise<Peer> {
  const directory = await mkdtemp(join(tmpdir(), 'reveille-bench-'))
  const [port = 0, http = 0] = await freePorts(2)
  const engines = kind.onEngines === true ? await openEngines(options.domain) : undefined
  const tidy = async (): Promise<void> => {
    await engines?.close()
    await rm(directory, { recursive: true, force: true })
  }
  const file = join(directory, 'reveille.yaml')
  const parts = engines?.configuration ?? embedded(options.domain, port)
  await writeFile(file, stringify({ ...parts, ...common(options, kind, http) }))
  const server = ServerProcess.launch(['--config', file], directory, flagsOf(options.profiling))
  try {
    await ready(server, http)
    if (options.cores !== '')
      for (const pid of [server.pid, ...(engines?.roots ?? [])]) pin(pid, options.cores)
  } catch (error) {
    await server.kill()
    await tidy()
    throw error
  }
  return {
    server: engines?.sip ?? { host: '127.0.0.1', port },
    roots: [server.pid, ...(engines?.roots ?? [])],
    faults: () => [...server.logged.map((line) => JSON.stringify(line)), server.stderr].filter(Boolean),
    stop: async () => {
      await server.stop()
      await tidy()
    },
  }
}

/** Of node(1): it writes the profile as it ends. */
function flagsOf(profiling: Profiling | undefined): readonly string[] {
  if (profiling === undefined) return nodeFlags
  const { kind, directory } = profiling
  return [...nodeFlags, `--${kind}-prof`, `--${kind}-prof-dir=${directory}`]
}

function embedded(domain: string, port: number): object {
  return {
    sip: { domain, listen: [{ protocol: 'udp', host: '127.0.0.1', port }] },
    media: { ports: '20000-29999' },
    database: { path: './data' },
  }
}

function common({ pushPorts, phones }: PeerOptions, { ringback }: ReveilleOptions, http: number): object {
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
    push: Object.fromEntries(push) as object,
    http: { port: http },
    log: { level: 'warn' },
    trunks: { carrier: { match: ['127.0.0.0/8'], trusted: true, ringback } },
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
