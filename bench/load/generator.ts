import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Plan, Run, RunResult } from './plan.js'
import { pin } from './processes.js'
import { joinMoments } from './stages.js'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))

export type ToWorker =
  | { readonly do: 'open'; readonly plan: Plan }
  | { readonly do: 'make known' }
  | { readonly do: 'run'; readonly run: Run }
  | { readonly do: 'cancel held' }
  | { readonly do: 'close' }

export type FromWorker =
  | { readonly done: 'open' | 'make known' | 'close' }
  | { readonly done: 'run'; readonly result: RunResult }
  | { readonly done: 'cancel held'; readonly ended: number }
  | { readonly failed: string }

/** What all processes of the generator play, together. */
export type WholePlan = Omit<Plan, 'worker' | 'pushPort' | 'phones'> & {
  /** One a process. */
  readonly pushPorts: readonly number[]
  /** Of all processes. */
  readonly phones: number
  /** Cores that the processes may use, as of taskset(1); '' for any. */
  readonly cores: string
}

/** Callers, push services and phones in several processes; the rate is divided among them. */
export class Generator {
  private constructor(private readonly workers: readonly ChildProcess[]) {}

  /** Rejects, and leaves no process, where one does not come up. */
  static async open(plan: WholePlan): Promise<Generator> {
    const { pushPorts, phones, cores, ...rest } = plan
    const workers = pushPorts.map(() => fork(WORKER, { serialization: 'advanced' }))
    const generator = new Generator(workers)
    const share = Math.ceil(phones / workers.length)
    try {
      await Promise.all(
        workers.map(async (process, worker) => {
          if (cores !== '') pin(process.pid ?? 0, cores)
          const own = { ...rest, worker, pushPort: pushPorts[worker] ?? 0, phones: share }
          await ask(process, { do: 'open', plan: own })
        }),
      )
      return generator
    } catch (error) {
      for (const worker of workers) worker.kill()
      throw error
    }
  }

  /** Every phone registers once, with its push token, and goes to sleep. */
  async makeKnown(): Promise<void> {
    await Promise.all(this.workers.map((worker) => ask(worker, { do: 'make known' })))
  }

  async run(run: Run): Promise<RunResult> {
    const count = this.workers.length
    const answers = await Promise.all(
      this.workers.map((worker, n) =>
        ask(worker, {
          do: 'run',
          run: {
            ...run,
            name: `${run.name}${n}`,
            calls: Math.ceil(run.calls / count),
            perSecond: run.perSecond / count,
            seed: run.seed + n,
            ...(run.phones === undefined ? {} : { phones: shareOf(run.phones, count) }),
          },
        }),
      ),
    )
    return joinResults(answers.flatMap((answer) => ('result' in answer ? [answer.result] : [])))
  }

  /** Ends the calls that are held; resolves with how many of them got their final response. */
  async cancelHeld(): Promise<number> {
    const answers = await Promise.all(this.workers.map((worker) => ask(worker, { do: 'cancel held' })))
    return answers.reduce((sum, answer) => sum + ('ended' in answer ? answer.ended : 0), 0)
  }

  async close(): Promise<void> {
    await Promise.all(
      this.workers.map(async (worker) => {
        const gone = once(worker, 'exit')
        await ask(worker, { do: 'close' })
        await gone
      }),
    )
  }
}

/** Each process has as many of them. */
function shareOf({ from, count }: NonNullable<Run['phones']>, workers: number): NonNullable<Run['phones']> {
  return { from: Math.ceil(from / workers), count: Math.floor(count / workers) }
}

export function joinResults(results: readonly RunResult[]): RunResult {
  const sum = (of: (result: RunResult) => number): number => results.reduce((all, one) => all + of(one), 0)
  const failures: Record<string, number> = {}
  for (const one of results)
    for (const [why, count] of Object.entries(one.failures)) failures[why] = (failures[why] ?? 0) + count
  return {
    moments: joinMoments(results.map(({ moments }) => moments)),
    completed: sum(({ completed }) => completed),
    failures,
    lateMs: Math.max(...results.map(({ lateMs }) => lateMs)),
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    resent: sum(({ resent }) => resent),
    rtp: {
      sent: sum(({ rtp }) => rtp.sent),
      atCallers: sum(({ rtp }) => rtp.atCallers),
      atPhones: sum(({ rtp }) => rtp.atPhones),
    },
  }
}

/** Rejects where the process says that it failed, or ends. */
function ask(worker: ChildProcess, order: ToWorker): Promise<FromWorker> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off('message', hear)
      worker.off('exit', gone)
    }
    const hear = (answer: FromWorker): void => {
      settle()
      if ('failed' in answer) reject(new Error(answer.failed))
      else resolve(answer)
    }
    const gone = (code: number | null): void => {
      settle()
      reject(new Error(`a process of the generator ended with ${code}`))
    }
    worker.on('message', hear)
    worker.once('exit', gone)
    worker.send(order)
  })
}
