import { peerMedia, peerTitles } from '../peers/peers.js'
import { busyWarning, describeMachine, type Machine } from '../support/machine.js'
import { plot } from '../support/plot.js'
import type { Plot } from '../support/results.js'
import { markdownTable } from '../support/table.js'
import type { Measured } from './measure.js'
import type { Options } from './options.js'

export function waitingTable(all: readonly Measured[]): string {
  const head = [
    'waiting',
    'server',
    'media; the caller gets',
    'round',
    'kB a waiting call',
    'ratio',
    'CPU of a new call, ms',
    'of idle',
    'p50, ms',
    'of idle',
    'p99, ms',
    'begun in, s',
    'ended',
    'in, s',
    'MB idle',
    'held',
    'after',
  ]
  return markdownTable(
    head,
    all.flatMap((one) =>
      one.rounds.map(({ waiting, heldKb, afterKb, beside, ended, beginSeconds, endSeconds }, n) => {
        const first = all.find(({ count }) => count === one.count)
        const kb = perCall(one, n)
        return [
          String(waiting),
          peerTitles[one.peer],
          peerMedia[one.peer],
          String(n + 1),
          kb.toFixed(1),
          first === undefined ? '–' : (kb / perCall(first, n)).toFixed(2),
          beside.cpuMs.toFixed(2),
          (beside.cpuMs / one.idle.cpuMs).toFixed(2),
          beside.p50.toFixed(2),
          (beside.p50 / one.idle.p50).toFixed(2),
          beside.p99.toFixed(2),
          beginSeconds.toFixed(0),
          String(ended),
          endSeconds.toFixed(0),
          ...[one.idleKb, heldKb, afterKb].map((memory) => (memory / 1024).toFixed(0)),
        ]
      }),
    ),
  )
}

/** Memory, and the cost of a new call, by how many wait; of first rounds. */
export function waitingPlots(all: readonly Measured[]): Plot[] {
  const peers = [...new Set(all.map(({ peer }) => peer))]
  const curvesOf = (valueOf: (one: Measured) => number): Parameters<typeof plot>[0] =>
    peers.map((peer) => ({
      title: peerTitles[peer],
      points: all.filter((one) => one.peer === peer).map((one) => [one.count, valueOf(one)] as const),
    }))
  const memory = curvesOf((one) => perCall(one, 0))
  const cost = curvesOf(({ rounds, idle }) => (rounds[0]?.beside.cpuMs ?? NaN) / idle.cpuMs)
  const [title, other] = ['Memory of a waiting call', 'What a new call costs beside calls that wait']
  const axis = { x: 'calls that wait', logX: true }
  return [
    { name: 'waiting-memory', title, svg: plot(memory, { ...axis, title, y: 'kB a call' }) },
    { name: 'waiting-cost', title: other, svg: plot(cost, { ...axis, title: other, y: 'CPU, times idle' }) },
  ]
}

/** Against the idle server, which both rounds began from: what a first round kept is in the second's figure. */
function perCall({ idleKb, rounds }: Measured, n: number): number {
  const round = rounds[n]
  return round === undefined ? NaN : (round.heldKb - idleKb) / round.waiting
}

export function resultsPart(
  all: readonly Measured[],
  { rate, probes, probeRate }: Options,
  machine: Machine,
  versions: string,
  day: string,
): string {
  return `## Calls that wait

\`npm run bench:waiting\`: so many calls wait for phones that were pushed and sleep on, begun at ${rate} calls/s or as
fast as the server takes them, and cancelled so, two rounds on one server; beside them, and before on the idle server, ${probes} whole calls at ${probeRate} calls/s. Memory
is that of all processes, what they share counted once (PSS). ${day}; ${describeMachine(machine)}; ${versions}.
${busyWarning(machine) ?? ''}

${waitingTable(all)}

_ended_: calls whose caller got the final response to its CANCEL. Ratios of memory are to the first server.`
}
