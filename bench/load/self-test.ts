import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Generator } from './generator.js'
import type { RunResult } from './plan.js'
import { freePorts } from './ports.js'
import { cpuSecondsOf } from './processes.js'
import { latenciesOf, percentilesOf } from './stages.js'

const MINIMAL = fileURLToPath(new URL('./minimal-process.ts', import.meta.url))
/** A call that takes longer than this waited for a core: the generator or its server is full. */
const FULL_MS = 50
const COMPLETE = 0.999
const SECONDS = 2

export interface Ceiling {
  /** Calls a second that the generator reaches with a server that does next to nothing, on the same machine. */
  readonly perSecond: number
  /** CPU of the generator for one call, and of that server, ms: what the ceiling is made of where cores differ. */
  readonly generatorMs: number
  readonly minimalMs: number
  readonly workers: number
}

/** The generator's own ceiling, by doubling and then two steps of bisection. */
export async function findCeiling(
  workers: number,
  cores: string,
  tell: (text: string) => void,
): Promise<Ceiling> {
  let [good, bad] = [0, Infinity]
  let best: Step | undefined
  let rate = 500
  for (let bisections = 0; bisections < 3;) {
    const step = await trial(workers, cores, rate)
    tell(`${rate} calls/s: ${step.fine ? 'fine' : 'too many'}, p99 ${step.p99.toFixed(1)} ms`)
    if (step.fine) [good, best] = [rate, step]
    else bad = rate
    if (bad < Infinity) bisections++
    if (good === 0 && rate <= 50) break
    rate = bad === Infinity ? rate * 2 : Math.round((good + bad) / 2)
  }
  return {
    perSecond: good,
    generatorMs: best?.generatorMs ?? NaN,
    minimalMs: best?.minimalMs ?? NaN,
    workers,
  }
}

interface Step {
  readonly fine: boolean
  readonly p99: number
  readonly generatorMs: number
  readonly minimalMs: number
}

/** A server and a generator of its own each time: what the last one was late with is not to come into this. */
async function trial(workers: number, cores: string, rate: number): Promise<Step> {
  const pushPorts = await freePorts(workers)
  const plan = {
    domain: 'example.net',
    phones: Math.max(200, rate * 2),
    proof: 'token',
    pushMs: 0,
    wakeMs: 0,
    ringMs: 0,
    talkMs: 0,
    delayMs: 0,
    rtp: false,
    cores,
  } as const
  // The server connects to the push services as it starts; they are there only once the generator is, which is to
  // know the server's port. So the port is found first.
  const [port = 0] = await freePorts(1)
  const generator = await Generator.open({ ...plan, pushPorts, server: { host: '127.0.0.1', port } })
  const server = fork(MINIMAL, [String(port), ...pushPorts.map(String)])
  try {
    await isUp(server)
    const result = await generator.run({
      name: 's',
      calls: rate * SECONDS,
      perSecond: rate,
      arrivals: 'poisson',
      seed: 1,
      deadlineMs: 3000,
    })
    return stepOf(result, cpuSecondsOf([server.pid ?? 0]))
  } finally {
    await generator.close()
    if (server.exitCode === null) {
      const gone = once(server, 'exit')
      server.disconnect()
      await gone
    }
  }
}

/** Rejects where it ends in place of it. */
async function isUp(server: ChildProcess): Promise<void> {
  const gone = once(server, 'exit').then(([code]) => {
    throw new Error(`the minimal server ended with ${String(code)}`)
  })
  await Promise.race([once(server, 'message'), gone])
  // Its end is no fault from here on.
  gone.catch(() => undefined)
}

function stepOf(result: RunResult, serverSeconds: number): Step {
  const calls = result.moments.invite.length
  const { p99 } = percentilesOf(latenciesOf('added', result.moments))
  return {
    fine: result.completed >= calls * COMPLETE && p99 < FULL_MS && result.lateMs < 10 * FULL_MS,
    p99,
    generatorMs: (result.cpuSeconds * 1000) / calls,
    minimalMs: (serverSeconds * 1000) / calls,
  }
}

/** What to say of a run that the generator itself may have limited; undefined where it did not. */
export function ceilingWarning(perSecond: number, ceiling: Ceiling, lateMs: number): string | undefined {
  if (lateMs > FULL_MS) return `The generator began a call ${lateMs.toFixed(0)} ms late: it lacked a core.`
  return perSecond * 2 > ceiling.perSecond
    ? `${perSecond.toFixed(0)} calls/s is near the generator's ceiling of ${ceiling.perSecond} calls/s.`
    : undefined
}

export function describeCeiling({ perSecond, generatorMs, minimalMs, workers }: Ceiling): string {
  return (
    `The generator's ceiling: ${perSecond} calls/s with ${workers} processes, against a minimal server on the same ` +
    `cores; ${generatorMs.toFixed(3)} ms of CPU a call, and ${minimalMs.toFixed(3)} ms of that server.`
  )
}
