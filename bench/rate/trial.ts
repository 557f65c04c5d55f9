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

/**
 * Plays one rate after the other on a server that is warm: the same one for as long as all goes well with it. One that a
 * rate was too much for is replaced.
 */
export class RateTrials {
  #played = 0
  #stage: { readonly open: Stage; readonly phones: number } | undefined

  constructor(
    private readonly peer: PeerName,
    private readonly options: Options,
    /** How long the push service takes, ms. */
    private readonly pushMs: number,
  ) {}

  async play(rate: number): Promise<RateTrial> {
    const { arrivals, warmUpSeconds, seconds } = this.options
    const stage = await this.#stageFor(rate)
    const run = { perSecond: rate, arrivals, deadlineMs: DEADLINE_MS }
    this.#played += 1
    const ahead = { ...run, name: `v${this.#played}`, calls: Math.ceil(rate * warmUpSeconds), seed: 2 }
    if (ahead.calls > 0) await stage.run(ahead)
    const trial = trialOf(
      rate,
      await stage.run({ ...run, name: `m${this.#played}`, calls: Math.ceil(rate * seconds), seed: 3 }),
    )
    if (!trial.fine) await this.close()
    return trial
  }

  async close(): Promise<void> {
    const stage = this.#stage
    this.#stage = undefined
    await stage?.open.close()
  }

  async #stageFor(rate: number): Promise<Stage> {
    const needed = phonesFor(rate)
    if (this.#stage !== undefined && this.#stage.phones < needed) await this.close()
    if (this.#stage !== undefined) return this.#stage.open
    const { proof, talkMs, workers, serverCores, loadCores, profiling, arrivals } = this.options
    const { perSecond } = warmUpOf(this.peer)
    // Enough for the next rate, if this one goes well.
    const phones = phonesFor(Math.max(rate * 2, perSecond))
    const open = await Stage.open(this.peer, {
      plan: { phones, proof, pushMs: this.pushMs, wakeMs: 0, ringMs: 0, talkMs, delayMs: 0, rtp: false },
      workers,
      serverCores,
      loadCores,
      profiling,
    })
    this.#stage = { open, phones }
    await open.warmUp({ perSecond, arrivals, deadlineMs: DEADLINE_MS }, 0)
    return open
  }
}

function phonesFor(rate: number): number {
  return Math.ceil(rate * PHONES_SECONDS) + 50
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
