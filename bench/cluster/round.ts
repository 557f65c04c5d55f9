import { Generator } from '../load/generator.js'
import { freePorts } from '../load/ports.js'
import { cpuSecondsOf } from '../load/processes.js'
import { latencyOf } from '../load/stages.js'
import { crossingsOf } from './crossings.js'
import type { Databases } from './database.js'
import type { Options } from './options.js'
import { startCluster } from './server.js'

const DOMAIN = 'example.net'
const DEADLINE_MS = 10_000
/** Phones for so many seconds of calls: one that ended its call is called again after the others. */
const PHONES_SECONDS = 4

/** What one round of one row took. */
export interface Round {
  readonly workers: number
  readonly calls: number
  readonly completed: number
  readonly lateMs: number
  readonly failures: Readonly<Record<string, number>>
  /** CPU for one call, ms: of the process that starts the others, of each of these, of PostgreSQL, of the generator. */
  readonly parentMs: number
  readonly workersMs: readonly number[]
  readonly databaseMs: number
  readonly generatorMs: number
  /** The server-added total of each call, ms, by where its INVITE and its REGISTER came to. */
  readonly same: readonly number[]
  readonly other: readonly number[]
  /** Of all calls. */
  readonly added: readonly number[]
}

/** A server and a database of its own, warm. */
export async function playRound(
  workers: number,
  options: Options,
  databases: Databases,
  seed: number,
): Promise<Round> {
  const { rate, proof, talkMs, arrivals, seconds, warmUpSeconds } = options
  const database = await databases.create()
  const [pushPort = 0] = await freePorts(1)
  const phones = Math.ceil(rate * PHONES_SECONDS)
  const cluster = await startCluster({
    ...{ workers, pushPort, phones, domain: DOMAIN, cores: options.serverCores },
    database: database.url,
  })
  let generator: Generator | undefined
  try {
    const plan = { proof, talkMs, pushMs: 0, wakeMs: 0, ringMs: 0, delayMs: 0, rtp: false }
    generator = await Generator.open({
      ...{ ...plan, phones, domain: DOMAIN, pushPorts: [pushPort], cores: options.loadCores },
      server: cluster.server,
    })
    await generator.makeKnown()
    const run = { perSecond: rate, arrivals, deadlineMs: DEADLINE_MS }
    if (warmUpSeconds > 0) {
      await generator.run({
        ...run,
        name: 'w',
        calls: Math.ceil(rate * warmUpSeconds * Math.max(1, workers)),
        seed,
      })
    }
    const before = cpuOf(cluster.pids(), await database.pids())
    const from = cluster.log.length
    const result = await generator.run({
      ...run,
      name: 'm',
      calls: Math.ceil(rate * seconds),
      seed: 100 + seed,
    })
    const after = cpuOf(cluster.pids(), await database.pids())
    const calls = result.moments.invite.length
    const perCall = (cpuSeconds: number): number => (cpuSeconds * 1000) / calls
    const [parentMs = NaN, ...workersMs] = [...after.processes].map(([pid, cpu]) =>
      perCall(cpu - (before.processes.get(pid) ?? 0)),
    )
    const added = Array.from({ length: calls }, (_, call) => latencyOf('added', result.moments, call))
    const crossings = crossingsOf(cluster.log.slice(from))
    const of = (crossing: string): number[] =>
      added.filter((ms, call) => crossings.get(call) === crossing && !Number.isNaN(ms))
    return {
      ...{ workers, calls, parentMs, workersMs },
      completed: result.completed,
      lateMs: result.lateMs,
      failures: result.failures,
      databaseMs: perCall(after.database - before.database),
      generatorMs: perCall(result.cpuSeconds),
      same: of('same'),
      other: of('other'),
      added: added.filter((ms) => !Number.isNaN(ms)),
    }
  } finally {
    await generator?.close()
    await cluster.stop()
    await database.drop()
  }
}

interface Cpu {
  /** Seconds, by process. */
  readonly processes: ReadonlyMap<number, number>
  readonly database: number
}

function cpuOf(processes: readonly number[], database: readonly number[]): Cpu {
  return {
    processes: new Map(processes.map((pid) => [pid, cpuSecondsOf([pid])])),
    database: cpuSecondsOf(database),
  }
}
