import { joinResults } from '../load/generator.js'
import { latencies, type Latency, latenciesOf, type Percentiles, percentilesOf } from '../load/stages.js'
import { peerMedia, type PeerName, peerTitles, settlingOf, warmUpOf } from '../peers/peers.js'
import type { Measured } from '../peers/stage.js'
import { busyWarning, describeMachine, type Machine } from '../support/machine.js'
import { spreadOf, type Spread } from '../support/statistics.js'
import { markdownTable } from '../support/table.js'
import { type Options, partOf } from './options.js'

const ofWakes: readonly Latency[] = ['provisional', 'push', 'register', 'invite', 'answer', 'added', 'bye']
const ofAwake: readonly Latency[] = ['provisional', 'direct', 'answer', 'added', 'bye']

/** All rounds of one server in figures. */
export interface Row {
  readonly peer: PeerName
  readonly calls: number
  readonly completed: number
  readonly failures: Readonly<Record<string, number>>
  /** Milliseconds, of the calls of all rounds. */
  readonly stages: Readonly<Record<Latency, Percentiles>>
  /** Of the server-added total, round by round, ms. */
  readonly p50s: Spread
  readonly p99s: Spread
  /** Of all processes of the server for one call, ms, round by round. */
  readonly cpuMs: Spread
  /** Of all processes of the server, the most of all rounds. */
  readonly peakMb: number
  readonly memoryMb: number
  /** The latest that a call was begun, ms. */
  readonly lateMs: number
  readonly generatorMs: number
  readonly resent: number
}

export function rowOf(peer: PeerName, rounds: readonly Measured[]): Row {
  const whole = joinResults(rounds.map(({ result }) => result))
  const calls = whole.moments.invite.length
  const names = Object.keys(latencies) as Latency[]
  const stages = names.map((name) => [name, percentilesOf(latenciesOf(name, whole.moments))] as const)
  const added = rounds.map(({ result }) => percentilesOf(latenciesOf('added', result.moments)))
  return {
    peer,
    calls,
    completed: whole.completed,
    failures: whole.failures,
    stages: Object.fromEntries(stages) as Record<Latency, Percentiles>,
    p50s: spreadOf(added.map(({ p50 }) => p50)),
    p99s: spreadOf(added.map(({ p99 }) => p99)),
    cpuMs: spreadOf(rounds.map(({ serverCpu, result }) => (serverCpu * 1000) / result.moments.invite.length)),
    peakMb: Math.max(...rounds.map(({ peakKb }) => peakKb)) / 1024,
    memoryMb: Math.max(...rounds.map(({ memoryKb }) => memoryKb)) / 1024,
    lateMs: whole.lateMs,
    generatorMs: (whole.cpuSeconds * 1000) / calls,
    resent: whole.resent,
  }
}

export function stagesTable(rows: readonly Row[], awake: boolean): string {
  const head = ['stage, ms', 'server', 'p50', 'p90', 'p99', 'max', 'p50 ratio', 'p99 ratio']
  const base = rows[0]
  const lines = (awake ? ofAwake : ofWakes).flatMap((stage) =>
    rows.map(({ peer, stages }, n) => {
      const { p50, p90, p99, max } = stages[stage]
      const first = base?.stages[stage]
      const times = [p50, p90, p99, max].map((ms) => ms.toFixed(2))
      return [
        n === 0 ? latencies[stage] : '',
        peerTitles[peer],
        ...times,
        ratio(p50, first?.p50),
        ratio(p99, first?.p99),
      ]
    }),
  )
  return markdownTable(head, lines)
}

export function costTable(rows: readonly Row[]): string {
  const head = [
    'server',
    'media; while it waits the caller gets',
    'calls',
    'complete',
    'CPU a call, ms',
    'rounds',
    'ratio',
    'peak, MB',
    'at the end',
    'sent again',
    'late, ms',
  ]
  return markdownTable(
    head,
    rows.map(({ peer, calls, completed, cpuMs, peakMb, memoryMb, lateMs, resent }) => [
      peerTitles[peer],
      peerMedia[peer],
      String(calls),
      String(completed),
      cpuMs.p50.toFixed(2),
      `${cpuMs.min.toFixed(2)} to ${cpuMs.max.toFixed(2)}`,
      ratio(cpuMs.p50, rows[0]?.cpuMs.p50),
      peakMb.toFixed(0),
      memoryMb.toFixed(0),
      String(resent),
      lateMs.toFixed(0),
    ]),
  )
}

const titles = {
  wake: '## The latency of a wake, and what a call costs\n\n`npm run bench:wake`',
  awake: '## A call to a phone that is awake\n\n`npm run bench:wake -- --awake`',
  'wake-engines':
    '## The latency of a wake on drachtio and FreeSWITCH\n\n`npm run bench:wake -- --peers kamailio,reveille,reveille-engines --rate 10`',
} as const

export function resultsPart(
  rows: readonly Row[],
  options: Options,
  machine: Machine,
  versions: string,
  day: string,
  remarks: readonly string[],
): string {
  const { rate, seconds, rounds, arrivals, proof, pushMs, wakeMs, ringMs, talkMs, delayMs, rtp } = options
  const spread = rows.map(
    ({ peer, p50s, p99s }) => `${peerTitles[peer]}: p50 ${range(p50s)}, p99 ${range(p99s)}`,
  )
  return `${titles[partOf(options)]}: ${rate} calls/s (${arrivals}) for ${seconds} s in each of ${rounds} rounds, the servers in turn;
${options.awake ? 'the phone' : `push answered after ${pushMs} ms, the phone awake ${wakeMs} ms later,`} rings ${ringMs} ms, talks ${talkMs} ms, ${delayMs} ms away${options.awake ? '' : `; REGISTER by ${proof}`};
${rtp ? 'RTP both ways while they talk' : 'no RTP but ringback'}. ${day}; ${describeMachine(machine)}; ${versions}.
Ahead of each round, and not counted: ${rows.map(({ peer }) => aheadOf(peer, options)).join(', ')}.
${[busyWarning(machine) ?? '', ...remarks].filter(Boolean).join('\n')}

${stagesTable(rows, options.awake)}

_server-added total_: from the caller's INVITE to its 200, less what ${options.awake ? 'the phone' : 'push service and phone'} took. Ratios are to the
first server. Reveille has a media session for each call, and stores call, events and binding. A call's CPU is that of
all processes of the server${options.awake ? '' : ', and has in it that the phone takes back its binding at the end'}.

${costTable(rows)}

The server-added total, round by round, ms: ${spread.join('; ')}.`
}

function range({ min, max }: Spread): string {
  return `${min.toFixed(2)} to ${max.toFixed(2)}`
}

function ratio(value: number, base: number | undefined): string {
  return base === undefined || !Number.isFinite(value / base) ? '–' : (value / base).toFixed(2)
}

function aheadOf(peer: PeerName, { rate, warmUpSeconds }: Options): string {
  const { calls, perSecond } = warmUpOf(peer)
  const settling = Math.max(warmUpSeconds, settlingOf(peer, rate))
  return `${calls} calls at ${perSecond}/s and ${settling} s at ${rate}/s (${peerTitles[peer]})`
}
