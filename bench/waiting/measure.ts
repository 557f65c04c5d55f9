import { setTimeout as sleep } from 'node:timers/promises'
import { latenciesOf, percentilesOf } from '../load/stages.js'
import type { PeerName } from '../peers/peers.js'
import { Stage } from '../peers/stage.js'
import type { Options } from './options.js'

/** So long after the last call the memory is read: what is written behind a call is written then. */
const REST_MS = 2000
/** After the last call has ended, and before the next round: what RFC 3261 keeps of a transaction for 32 s is gone then. */
const PEACE_MS = 35_000
const DEADLINE_MS = 30_000

/** What a whole call costs. */
export interface Probe {
  readonly complete: number
  readonly calls: number
  /** Of all processes of the server for one call, ms. */
  readonly cpuMs: number
  /** The server-added total, ms. */
  readonly p50: number
  readonly p99: number
}

/** One round of calls that wait. */
export interface Round {
  readonly waiting: number
  /** How long it took to begin, and to end, all of them, seconds. */
  readonly beginSeconds: number
  readonly endSeconds: number
  /** Memory of all processes of the server, kB: while they wait, and when they were ended. */
  readonly heldKb: number
  readonly afterKb: number
  readonly beside: Probe
  /** Calls that got their final response to CANCEL. */
  readonly ended: number
}

export interface Measured {
  readonly peer: PeerName
  readonly count: number
  /** Before any call waited, and after whole calls had been played: the server was warm. */
  readonly idleKb: number
  readonly idle: Probe
  readonly rounds: readonly Round[]
  readonly failures: Readonly<Record<string, number>>
  readonly faults: readonly string[]
}

/** A server with so many waiting calls, twice: what the first round left is to be used by the second. */
export async function measure(peer: PeerName, count: number, options: Options): Promise<Measured> {
  const { rate, probes, probeRate, workers, serverCores, loadCores, profiling } = options
  const times = { pushMs: 0, wakeMs: 0, ringMs: 0, talkMs: 0, delayMs: 0 }
  const phones = count + probes
  const stage = await Stage.open(peer, {
    plan: { phones, proof: 'token', rtp: false, ...times },
    workers,
    serverCores,
    loadCores,
    profiling,
  })
  const failures: Record<string, number> = {}
  const probe = async (name: string): Promise<Probe> => {
    const { result, serverCpu } = await stage.run({
      name,
      calls: probes,
      perSecond: probeRate,
      arrivals: 'fixed',
      seed: 1,
      deadlineMs: DEADLINE_MS,
      phones: { from: count, count: probes },
    })
    const calls = result.moments.invite.length
    const { p50, p99 } = percentilesOf(latenciesOf('added', result.moments))
    return { complete: result.completed, calls, cpuMs: (serverCpu * 1000) / calls, p50, p99 }
  }
  const round = async (name: string): Promise<Round> => {
    const { result, seconds } = await stage.run({
      name,
      calls: count,
      perSecond: rate,
      arrivals: 'fixed',
      seed: 1,
      deadlineMs: DEADLINE_MS,
      phones: { from: 0, count },
      holds: true,
    })
    Object.assign(failures, result.failures)
    await sleep(REST_MS)
    const heldKb = stage.memoryKb()
    const beside = await probe(`${name}p`)
    const from = performance.now()
    const ended = await stage.cancelHeld()
    const endSeconds = (performance.now() - from) / 1000
    await sleep(PEACE_MS)
    const afterKb = stage.memoryKb()
    return { waiting: result.completed, beginSeconds: seconds, heldKb, beside, ended, endSeconds, afterKb }
  }
  try {
    // The first makes it warm.
    await probe('w')
    const idle = await probe('i')
    await sleep(REST_MS)
    const idleKb = stage.memoryKb()
    const rounds = [await round('a'), await round('b')]
    return { peer, count, idleKb, idle, rounds, failures, faults: stage.faults }
  } finally {
    await stage.close()
  }
}
