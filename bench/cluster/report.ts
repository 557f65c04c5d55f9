import { percentilesOf, type Percentiles } from '../load/stages.js'
import { busyWarning, describeMachine, type Machine } from '../support/machine.js'
import { markdownTable } from '../support/table.js'
import type { Options } from './options.js'
import type { Round } from './round.js'

/** The rounds of one number of processes. */
export interface Row {
  readonly workers: number
  readonly calls: number
  readonly completed: number
  readonly lateMs: number
  /** Means of the rounds, ms of CPU a call. */
  readonly parentMs: number
  /** Of the busiest of the processes that take the calls. */
  readonly busiestMs: number
  /** Of all of them together. */
  readonly workersMs: number
  readonly databaseMs: number
  readonly generatorMs: number
  /** Calls a second at which the busiest process of all fills one core. */
  readonly perSecond: number
  /** Smallest and largest of the rounds. */
  readonly perSecondRange: readonly [number, number]
  readonly added: Percentiles
  readonly same: Percentiles & { readonly calls: number }
  readonly other: Percentiles & { readonly calls: number }
}

export function rowOf(rounds: readonly Round[]): Row {
  const mean = (of: (round: Round) => number): number =>
    rounds.reduce((sum, one) => sum + of(one), 0) / rounds.length
  const total = (of: (round: Round) => number): number => mean(of) * rounds.length
  const spread = (of: (round: Round) => readonly number[]): Percentiles & { readonly calls: number } => {
    const all = Float64Array.from(rounds.flatMap(of)).sort()
    return { ...percentilesOf(all), calls: all.length }
  }
  const ceilings = rounds.map(ceilingOf)
  return {
    workers: rounds[0]?.workers ?? NaN,
    calls: total(({ calls }) => calls),
    completed: total(({ completed }) => completed),
    lateMs: Math.max(...rounds.map(({ lateMs }) => lateMs)),
    parentMs: mean(({ parentMs }) => parentMs),
    busiestMs: mean(({ workersMs }) => Math.max(0, ...workersMs)),
    workersMs: mean(({ workersMs }) => workersMs.reduce((sum, one) => sum + one, 0)),
    databaseMs: mean(({ databaseMs }) => databaseMs),
    generatorMs: mean(({ generatorMs }) => generatorMs),
    perSecond: ceilings.reduce((sum, one) => sum + one, 0) / ceilings.length,
    perSecondRange: [Math.min(...ceilings), Math.max(...ceilings)],
    added: spread(({ added }) => added),
    same: spread(({ same }) => same),
    other: spread(({ other }) => other),
  }
}

/** Calls a second at which the busiest process fills one core. */
export function ceilingOf({ parentMs, workersMs }: Pick<Round, 'parentMs' | 'workersMs'>): number {
  return 1000 / Math.max(parentMs, ...workersMs)
}

export function scalingTable(rows: readonly Row[]): string {
  const one = rows.find(({ workers }) => workers === 1)
  const head = [
    'processes',
    'CPU a call, ms: parent',
    'busiest worker',
    'all workers',
    'PostgreSQL',
    'calls/s until one core is full',
    'from–to',
    'to 1 worker',
    'p50, ms',
    'p99, ms',
  ]
  return markdownTable(
    head,
    rows.map((row) => [
      row.workers === 0 ? 'plain start' : `${String(row.workers)} worker${row.workers === 1 ? '' : 's'}`,
      row.parentMs.toFixed(2),
      row.workers === 0 ? '–' : row.busiestMs.toFixed(2),
      row.workers === 0 ? '–' : row.workersMs.toFixed(2),
      row.databaseMs.toFixed(2),
      row.perSecond.toFixed(0),
      row.perSecondRange.map((value) => value.toFixed(0)).join('–'),
      one === undefined ? '–' : (row.perSecond / one.perSecond).toFixed(2),
      row.added.p50.toFixed(1),
      row.added.p99.toFixed(1),
    ]),
  )
}

export function crossingTable(rows: readonly Row[]): string {
  const head = [
    'workers',
    'INVITE and REGISTER came to',
    'calls',
    'p50, ms',
    'p90, ms',
    'p99, ms',
    'p50 more than on one, ms',
  ]
  return markdownTable(
    head,
    rows.flatMap(({ workers, same, other }) =>
      [
        { name: 'the same worker', of: same },
        { name: 'different workers', of: other },
      ]
        .filter(({ of }) => of.calls > 0)
        .map(({ name, of }) => [
          String(workers),
          name,
          String(of.calls),
          ...[of.p50, of.p90, of.p99].map((value) => value.toFixed(2)),
          of === other ? (other.p50 - same.p50).toFixed(2) : '–',
        ]),
    ),
  )
}

export function resultsPart(
  rows: readonly Row[],
  options: Options,
  machine: Machine,
  versions: string,
  day: string,
): string {
  const { rate, seconds, rounds, arrivals, proof } = options
  const complete = rows.map(({ calls, completed }) => `${String(completed)} of ${String(calls)}`).join(', ')
  return `## Several processes on one database

\`npm run bench:cluster\`: wake calls at ${String(rate)}/s (${arrivals}, REGISTER by ${proof}), ${String(rounds)} rounds of ${String(seconds)} s of each row in turn, each on a
server and a database of its own, warm. ${day}; ${describeMachine(machine)}; ${versions}. Complete calls, by row: ${complete}.
${busyWarning(machine) ?? ''}

How far processes reach is told by CPU time, not by filling the machine: with so few cores the load, the database and the
server would share them, and the rate at which they are full says nothing of a machine with a core for each. So calls/s is
1000 ms divided by what a call costs the busiest process of the server, parent or worker, with all of its threads: the rate
at which it fills a core. It holds where each process, the database and the load have a core of their own.

${scalingTable(rows)}

The server-added total of the same calls, by where their INVITE and their woken REGISTER came to:

${crossingTable(rows)}`
}
