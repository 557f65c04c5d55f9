import { Generator, type WholePlan } from '../load/generator.js'
import { freePorts } from '../load/ports.js'
import { cpuSecondsOf, familyOf, memoryKbOf, peakKbOf } from '../load/processes.js'
import type { Run, RunResult } from '../load/plan.js'
import type { Peer, Profiling } from './peer.js'
import { type PeerName, settlingOf, startPeer, warmUpOf } from './peers.js'

/** What a run is played with, whoever the server is. */
export interface StageOptions {
  readonly plan: Omit<WholePlan, 'server' | 'pushPorts' | 'domain' | 'cores'>
  readonly workers: number
  readonly serverCores: string
  readonly loadCores: string
  /** Of servers of ours; their profile has the whole of their run in it. */
  readonly profiling?: Profiling | undefined
}

/** A run, and what it took of the server: of all of its processes. */
export interface Measured {
  readonly result: RunResult
  /** Seconds. */
  readonly serverCpu: number
  /** From the first call to the last thing of the last one. */
  readonly seconds: number
  /** After the run, shared memory counted once. */
  readonly memoryKb: number
  readonly peakKb: number
}

const DOMAIN = 'example.net'

/** A server under test, and the generator that plays around it. */
export class Stage {
  private constructor(
    private readonly name: PeerName,
    private readonly peer: Peer,
    private readonly generator: Generator,
  ) {}

  /** All phones are known to the server, and sleep. Rejects, and leaves no process, where that does not come about. */
  static async open(name: PeerName, options: StageOptions): Promise<Stage> {
    const { plan, workers, serverCores: cores, loadCores, profiling } = options
    const pushPorts = await freePorts(workers)
    const { phones } = plan
    const peer = await startPeer(name, { domain: DOMAIN, pushPorts, phones, cores, profiling })
    let generator: Generator | undefined
    try {
      const whole = { ...plan, domain: DOMAIN, pushPorts, cores: loadCores, server: peer.server }
      generator = await Generator.open(whole)
      await generator.makeKnown()
      return new Stage(name, peer, generator)
    } catch (error) {
      await generator?.close()
      await peer.stop()
      throw error
    }
  }

  get faults(): readonly string[] {
    return this.peer.faults()
  }

  async run(run: Run): Promise<Measured> {
    const pids = this.#pids()
    const before = cpuSecondsOf(pids)
    const begun = performance.now()
    const result = await this.generator.run(run)
    return {
      result,
      serverCpu: cpuSecondsOf(pids) - before,
      seconds: (performance.now() - begun) / 1000,
      memoryKb: memoryKbOf(pids),
      peakKb: peakKbOf(pids),
    }
  }

  /**
   * Calls that are not counted: as many as make this server warm, and then for so long at the rate of the run; until what
   * the first left is gone, where those were faster.
   */
  async warmUp(run: Pick<Run, 'arrivals' | 'deadlineMs' | 'perSecond'>, seconds: number): Promise<void> {
    await this.generator.run({ ...run, ...warmUpOf(this.name), name: 'w', seed: 1 })
    const calls = Math.ceil(run.perSecond * Math.max(seconds, settlingOf(this.name, run.perSecond)))
    if (calls > 0) await this.generator.run({ ...run, calls, name: 'v', seed: 2 })
  }

  /** Ends the calls that are held; how many of them got their final response. */
  cancelHeld(): Promise<number> {
    return this.generator.cancelHeld()
  }

  /** Of all processes of the server, kB, shared memory counted once. */
  memoryKb(): number {
    return memoryKbOf(this.#pids())
  }

  async close(): Promise<void> {
    await this.generator.close()
    await this.peer.stop()
  }

  #pids(): number[] {
    return this.peer.roots.flatMap(familyOf)
  }
}
