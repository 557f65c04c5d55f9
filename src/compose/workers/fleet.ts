import type { Socket } from 'node:net'
import { Pause } from '../../adapters/bus/pause.js'
import type { Log } from '../../ports/log.js'
import type { ListeningPoint } from '../../ports/signaling.js'
import type { Part } from './exposition.js'
import type { ToParent, ToWorker } from './messages.js'
import { PartyLine } from './party-line.js'
import type { WatchTimes } from './silence-watch.js'
import { describeEnd, WorkerProcess } from './worker-process.js'

export interface FleetOptions {
  readonly workers: number
  /** Of the program of a worker. */
  readonly entry: URL
  /** What the worker of this number is told first. */
  readonly start: (worker: number) => Extract<ToWorker, { type: 'start' }>
  /** All metrics, given those of the workers. */
  readonly metrics: (workers: readonly Part[]) => Promise<string>
  readonly log: Log
  /** How long a worker that is up may be silent; then it is killed, and replaced. */
  readonly watch?: WatchTimes
}

/** The first pause before a worker is started again, and the longest; ms. */
const RETRY = [100, 10_000] as const
/** One that lived so long has not failed for a reason that is still there; ms. */
const STEADY_MS = 30_000
/** For the metrics of one worker, ms; one whose event loop stands is left out. */
const METRICS_MS = 2_000
/** From the end of the drain to the end of the process, ms: a peer that answers no BYE holds it up by 40 s. */
const CLOSE_MS = 60_000

interface Question {
  readonly worker: WorkerProcess
  answered(text: string | undefined): void
}

/**
 * The workers, each in a process that is started again when it dies, and killed when it does not answer.
 * ```
 *  launch -> up --dies--> pause -> launch …
 *             |
 *             +--stop: drain--> drained --close--> ended
 * ```
 */
export class Fleet {
  /** By number, the first is at 0. */
  readonly #workers: WorkerProcess[] = []
  readonly #line = new PartyLine()
  readonly #pauses: Pause[] = []
  readonly #questions = new Map<number, Question>()
  #sip: readonly ListeningPoint[] = []
  #turn = 0
  #asked = 0
  #stopping = false

  constructor(private readonly options: FleetOptions) {}

  /** Where SIP is listened for, as the workers say. */
  get sip(): readonly ListeningPoint[] {
    return this.#sip
  }

  get pids(): readonly number[] {
    return this.#workers.flatMap(({ pid }) => pid ?? [])
  }

  /** Resolves when all are up. Rejects, with the reason of the first, where one is not; what was started is for `close`. */
  async start(): Promise<void> {
    // The first alone: what keeps it from starting keeps the others as well, and is to be said once.
    const first = await this.#launch(1).up
    this.#sip = first.sip
    const others = Array.from({ length: this.options.workers - 1 }, (_, n) => this.#launch(n + 2).up)
    await Promise.all(others)
    for (const [n, worker] of this.#workers.entries()) void this.#keep(n + 1, worker)
    this.#tellCount()
  }

  /** Hands it to one that is up, in turn, and to one that answers if any does; false where there is none. */
  take(connection: Socket): boolean {
    const up = this.#up
    const answering = up.filter(({ answers }) => answers)
    const able = answering.length > 0 ? answering : up
    const worker = able[this.#turn++ % Math.max(1, able.length)]
    worker?.hand(connection)
    return worker !== undefined
  }

  tellAll(message: ToWorker): void {
    for (const worker of this.#workers) worker.tell(message)
  }

  /** Starts none again. Resolves when none has calls any more; one that takes longer than `withinMs` is killed. */
  async drain(withinMs: number): Promise<void> {
    this.#stopping = true
    for (const pause of this.#pauses) pause.end()
    for (const worker of this.#workers) {
      if (worker.isUp) worker.tell({ type: 'drain' })
      // On one that is not up yet there are no calls.
      else worker.kill()
    }
    const over = this.#workers.map((worker) => Promise.race([worker.drained, worker.ended]))
    await this.#allWithin(withinMs, over)
  }

  /** Resolves when no process is left. */
  async close(): Promise<void> {
    this.#stopping = true
    for (const pause of this.#pauses) pause.end()
    for (const worker of this.#workers) {
      if (worker.isUp) worker.tell({ type: 'close' })
      else worker.kill()
    }
    const ended = this.#workers.map((worker) => worker.ended)
    await this.#allWithin(CLOSE_MS, ended)
    await Promise.all(ended)
  }

  /** Of each that is up and answers in time. */
  async metrics(): Promise<readonly Part[]> {
    const asked = this.#workers.map(async (worker, n): Promise<readonly Part[]> => {
      if (!worker.isUp) return []
      const text = await this.#ask(worker)
      return text === undefined ? [] : [{ worker: String(n + 1), text }]
    })
    return (await Promise.all(asked)).flat()
  }

  get #up(): readonly WorkerProcess[] {
    return this.#workers.filter(({ isUp }) => isUp)
  }

  #launch(n: number): WorkerProcess {
    const { entry, start, watch } = this.options
    const worker = WorkerProcess.launch(entry, start(n), watch)
    this.#workers[n - 1] = worker
    worker.onMessage((message) => this.#heard(worker, message))
    void worker.ended.then(() => this.#forget(worker))
    if (worker.line !== undefined) this.#line.join(worker.line)
    return worker
  }

  /** Starts it again each time that it dies, until all are to stop. */
  async #keep(n: number, first: WorkerProcess): Promise<void> {
    const { log } = this.options
    const pause = (this.#pauses[n - 1] = new Pause(RETRY))
    for (let worker = first; ; worker = this.#launch(n)) {
      const since = performance.now()
      // It ends before it is up, or later: `ended` tells of both.
      await worker.up.then(
        () => this.#tellCount(),
        () => undefined,
      )
      const end = await worker.ended
      if (this.#stopping) return
      this.#tellCount()
      const { code, signal } = end
      const about = { worker: n, pid: worker.pid, code, signal, reason: describeEnd(end) }
      log.error(about, 'a worker has ended: another takes its place')
      if (performance.now() - since > STEADY_MS) pause.reset()
      await pause.wait()
      // `drain` may have been asked for meanwhile.
      if (this.#stopping as boolean) return
    }
  }

  #tellCount(): void {
    this.tellAll({ type: 'up', up: this.#up.length })
  }

  #heard(worker: WorkerProcess, message: ToParent): void {
    switch (message.type) {
      case 'metrics':
        this.#questions.get(message.id)?.answered(message.text)
        return
      case 'all-metrics':
        this.#answer(worker, message.id).catch((error: unknown) =>
          this.options.log.error({ err: error }, 'the metrics of the workers could not be read'),
        )
        return
      case 'up':
      case 'failed':
      case 'drained':
      case 'taken':
      case 'pong':
        return
      default:
        message satisfies never
    }
  }

  async #answer(worker: WorkerProcess, id: number): Promise<void> {
    const text = await this.options.metrics(await this.metrics())
    worker.tell({ type: 'all-metrics', id, text })
  }

  async #ask(worker: WorkerProcess): Promise<string | undefined> {
    const id = ++this.#asked
    let late: NodeJS.Timeout | undefined
    const answered = new Promise<string | undefined>((resolve) => {
      this.#questions.set(id, { worker, answered: resolve })
      late = setTimeout(() => resolve(undefined), METRICS_MS)
    })
    worker.tell({ type: 'metrics', id })
    try {
      return await answered
    } finally {
      clearTimeout(late)
      this.#questions.delete(id)
    }
  }

  /** Who asks one that has ended is not to wait. */
  #forget(worker: WorkerProcess): void {
    for (const question of this.#questions.values()) {
      if (question.worker === worker) question.answered(undefined)
    }
  }

  async #allWithin(ms: number, over: readonly Promise<unknown>[]): Promise<void> {
    let late: NodeJS.Timeout | undefined
    const time = new Promise<'late'>((resolve) => (late = setTimeout(() => resolve('late'), ms)))
    const all = Promise.all(over).then(() => 'over' as const)
    if ((await Promise.race([all, time])) === 'late') {
      this.options.log.error({}, 'workers did not end in time: they are killed')
      for (const worker of this.#workers) worker.kill()
    }
    clearTimeout(late)
  }
}
