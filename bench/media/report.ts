import { busyWarning, describeMachine, type Machine } from '../support/machine.js'
import { markdownTable } from '../support/table.js'
import type { Quantiles } from './measurements.js'
import type { Measured, Subject } from './measure.js'
import type { Options } from './options.js'

const titles: Readonly<Record<Subject, string>> = {
  floor: 'none: the generator itself',
  reveille: 'Reveille, embedded engine',
  rtpengine: 'rtpengine, user space',
}

/** The middle of the rounds, of each figure for itself. */
export interface Row {
  readonly subject: Subject
  readonly calls: number
  readonly rounds: number
  readonly lostShare: number
  /** Of the relay: packets for each second of CPU. NaN where there is none. */
  readonly packetsPerCpu: number
  readonly delay: Quantiles
  readonly variation: Quantiles
  readonly jitter: Quantiles
  /** Of one core. */
  readonly generatorShare: number
}

export function rowsOf(all: readonly Measured[], { seconds }: Pick<Options, 'seconds'>): readonly Row[] {
  return groupsOf(all).map((rounds) => rowOf(rounds, seconds))
}

function groupsOf(all: readonly Measured[]): readonly (readonly Measured[])[] {
  const groups = new Map<string, Measured[]>()
  for (const one of all) {
    const key = `${one.calls} ${one.subject}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()]
}

function rowOf(rounds: readonly Measured[], seconds: number): Row {
  const [first] = rounds
  if (first === undefined) throw new Error('no round was measured')
  const middle = (of: (one: Measured) => number): number => median(rounds.map(of))
  const quantilesOf = (of: (one: Measured) => Quantiles): Quantiles => ({
    p50: middle((one) => of(one).p50),
    p99: middle((one) => of(one).p99),
    max: middle((one) => of(one).max),
  })
  return {
    subject: first.subject,
    calls: first.calls,
    rounds: rounds.length,
    lostShare: middle(({ sent, received }) => 1 - received / sent),
    packetsPerCpu: middle(({ received, relayCpu }) => (relayCpu > 0 ? received / relayCpu : NaN)),
    delay: quantilesOf(({ delay }) => delay),
    variation: quantilesOf(({ variation }) => variation),
    jitter: quantilesOf(({ jitter }) => jitter),
    generatorShare: middle(({ generatorCpu }) => generatorCpu / seconds),
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN
}

export function mediaTable(rows: readonly Row[]): string {
  const head = [
    'calls',
    'relay',
    'packets a CPU second',
    'ratio',
    'lost, %',
    'delay p50, ms',
    'p99',
    'added p50',
    'p99',
    'jitter p50, ms',
    'p99',
    'added p99',
    'variation p99, ms',
    'generator, cores',
  ]
  return markdownTable(
    head,
    rows.map((row) => {
      const of = (subject: Subject): Row | undefined =>
        rows.find((other) => other.calls === row.calls && other.subject === subject)
      const floor = of('floor')
      return [
        String(row.calls),
        titles[row.subject],
        number(row.packetsPerCpu, 0),
        number(row.packetsPerCpu / (of('rtpengine')?.packetsPerCpu ?? NaN), 2),
        number(row.lostShare * 100, 2),
        number(row.delay.p50, 3),
        number(row.delay.p99, 3),
        number(row.delay.p50 - (floor?.delay.p50 ?? NaN), 3),
        number(row.delay.p99 - (floor?.delay.p99 ?? NaN), 3),
        number(row.jitter.p50, 3),
        number(row.jitter.p99, 3),
        number(row.jitter.p99 - (floor?.jitter.p99 ?? NaN), 3),
        number(row.variation.p99, 3),
        number(row.generatorShare, 2),
      ]
    }),
  )
}

function number(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}

export function resultsPart(
  rows: readonly Row[],
  { rounds, seconds }: Options,
  machine: Machine,
  versions: string,
  day: string,
): string {
  return `## Media

\`npm run bench:media\`: G.711 in frames of 20 ms both ways between the sides of so many calls, all on loopback; ${rounds}
rounds of ${seconds} s each, in turn, the middle one of each figure. ${day}; ${describeMachine(machine)}; ${versions}.
${busyWarning(machine) ?? ''}

${mediaTable(rows)}

_packets a CPU second_: that came out, for a second of CPU of all threads of the relay. _ratio_: of it, to rtpengine. _delay_: from
the sending of a packet to its arrival, by a clock in its payload; _variation_: by how much that differs from one packet of a stream to
the next, either way (RFC 3393); _jitter_: the running mean of it that receivers report (RFC 3550 §6.4.1), of all streams at all
times. _added_: over the generator that sends straight to itself, in the same run.`
}
