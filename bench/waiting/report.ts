import { peerTitles } from '../peers/peers.js'
import { busyWarning, describeMachine, type Machine } from '../support/machine.js'
import { markdownTable } from '../support/table.js'
import type { Measured } from './measure.js'
import type { Options } from './options.js'

export function waitingTable(all: readonly Measured[]): string {
  const head = [
    'waiting',
    'server',
    'round',
    'kB a waiting call',
    'ratio',
    'CPU of a new call, ms',
    'of idle',
    'p50, ms',
    'of idle',
    'ended',
    'MB idle',
    'held',
    'after',
  ]
  return markdownTable(
    head,
    all.flatMap((one) =>
      one.rounds.map(({ waiting, heldKb, afterKb, beside, ended }, n) => {
        const first = all.find(({ count }) => count === one.count)
        const kb = perCall(one, n)
        return [
          String(waiting),
          peerTitles[one.peer],
          String(n + 1),
          kb.toFixed(1),
          first === undefined ? '–' : (kb / perCall(first, n)).toFixed(2),
          beside.cpuMs.toFixed(2),
          (beside.cpuMs / one.idle.cpuMs).toFixed(2),
          beside.p50.toFixed(2),
          (beside.p50 / one.idle.p50).toFixed(2),
          String(ended),
          ...[one.idleKb, heldKb, afterKb].map((memory) => (memory / 1024).toFixed(0)),
        ]
      }),
    ),
  )
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

\`npm run bench:waiting\`: so many calls wait for phones that were pushed and sleep on, begun and at last cancelled at ${rate}
calls/s, two rounds on one server; beside them, and before on the idle server, ${probes} whole calls at ${probeRate} calls/s. Memory
is that of all processes, what they share counted once (PSS). ${day}; ${describeMachine(machine)}; ${versions}.
${busyWarning(machine) ?? ''}

${waitingTable(all)}

_ended_: calls whose caller got the final response to its CANCEL. Ratios of memory are to the first server.`
}
