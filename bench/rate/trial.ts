import { latenciesOf, percentilesOf } from '../load/stages.js'
import { type PeerName, warmUpOf } from '../peers/peers.js'
import { type Measured, Stage } from '../peers/stage.js'
import type { Options } from './options.js'
import type { Trial } from './search.js'

/** What a rate has to keep to: complete calls of all, and the server-added total at p99, ms. */
export const COMPLETE = 0.999
export const MOST_ADDED_MS = 50

const DEADLINE_MS = 5000
/** Phones for so many seconds of calls: one that ended its call is called again after the others. */
const PHONES_SECONDS = 2

export interface RateTrial extends Trial {
  readonly complete: number
  readonly calls: number
  /** The server-added total, ms. */
  readonly p50: number
  readonly p99: number
  /** Of all processes of the server for one call, ms. */
  readonly cpuMs: number
  /** Cores that the server kept busy. */
  readonly cores: number
  readonly lateMs: number
  readonly failures: Readonly<Record<string, number>>
}

/** One rate, on a server of its own that is warm. */
export async function tryRate(
  peer: PeerName,
  options: Options,
  pushMs: number,
  rate: number,
): Promise<RateTrial> {
  const { proof, talkMs, workers, serverCores, loadCores, profiling, arrivals, warmUpSeconds, seconds } =
    options
  const phones = Math.ceil(Math.max(rate, warmUpOf(peer).perSecond) * PHONES_SECONDS + 50)
  const stage = await Stage.open(peer, {
    plan: { phones, proof, pushMs, wakeMs: 0, ringMs: 0, talkMs, delayMs: 0, rtp: false },
    workers,
    serverCores,
    loadCores,
    profiling,
  })
  try {
    const run = { perSecond: rate, arrivals, deadlineMs: DEADLINE_MS }
    await stage.warmUp(run, warmUpSeconds)
    return trialOf(rate, await stage.run({ ...run, name: 'm', calls: Math.ceil(rate * seconds), seed: 2 }))
  } finally {
    await stage.close()
  }
}

export function trialOf(rate: number, { result, serverCpu, seconds }: Measured): RateTrial {
  const calls = result.moments.invite.length
  const { p50, p99 } = percentilesOf(latenciesOf('added', result.moments))
  const complete = result.completed / calls
  return {
    rate,
    fine: complete >= COMPLETE && p99 < MOST_ADDED_MS,
    complete,
    calls,
    p50,
    p99,
    cpuMs: (serverCpu * 1000) / calls,
    cores: serverCpu / seconds,
    lateMs: result.lateMs,
    failures: result.failures,
  }
}
