import type { Machine } from '../support/machine.js'
import { busyWarning, describeMachine } from '../support/machine.js'
import { spreadOf, type Spread } from '../support/statistics.js'
import { markdownTable } from '../support/table.js'
import type { LinkCheck } from './link-check.js'
import type { Options, Transport } from './options.js'
import type { Round } from './round.js'
import { ways, type WayName } from './ways.js'

/** One way over one transport. */
export interface Course {
  readonly way: WayName
  readonly transport: Transport
  readonly rounds: readonly Round[]
  /** Why rounds did not come to sound on both sides. */
  readonly failures: readonly string[]
}

/** A course in figures, ms. */
export interface Row {
  readonly way: WayName
  readonly transport: Transport | 'none'
  /** One-way delays of theory, and what they take. */
  readonly delays: number
  readonly theoryMs: number
  readonly rounds: number
  readonly failures: readonly string[]
  /** From the push's arrival to sound on both sides. */
  readonly measured: Spread
  /** Beyond theory: the server, the players, and the wait for the next frame. */
  readonly added: Spread
  readonly atCaller: Spread
  readonly atPhone: Spread
}

export function rowOf({ way, transport, rounds, failures }: Course, delayMs: number): Row {
  const { delays, overSip } = ways[way]
  const theoryMs = delays * delayMs
  const both = rounds.map(({ atCaller, atPhone }) => Math.max(atCaller, atPhone))
  return {
    way,
    transport: overSip ? transport : 'none',
    delays,
    theoryMs,
    rounds: rounds.length,
    failures,
    measured: spreadOf(both),
    added: spreadOf(both.map((ms) => ms - theoryMs)),
    atCaller: spreadOf(rounds.map((round) => round.atCaller)),
    atPhone: spreadOf(rounds.map((round) => round.atPhone)),
  }
}

export function linkTable(checks: readonly LinkCheck[], delayMs: number): string {
  const head = ['round trip, ms', 'without: min', 'p50', 'with: min', 'p50', 'added', `of ${2 * delayMs}`]
  const rows = checks.map(({ what, without, with: delayed, added }) => {
    const share = `${((100 * added) / (2 * delayMs)).toFixed(1)} %`
    const times = [without.min, without.p50, delayed.min, delayed.p50, added]
    return [what, ...times.map((value) => ms(value, 2)), share]
  })
  return markdownTable(head, rows)
}

export function rowsTable(rows: readonly Row[], delayMs: number): string {
  const head = [
    'way',
    'SIP over',
    'delays',
    'theory, ms',
    'min',
    'p50',
    'p90',
    'max',
    `p50 / ${delayMs}`,
    'added min',
    'p50',
    'max',
    'failed',
  ]
  return markdownTable(
    head,
    rows.map((row) => cells(row, delayMs)),
  )
}

function cells(row: Row, delayMs: number): string[] {
  const { measured, added } = row
  return [
    ways[row.way].title,
    row.transport === 'none' ? 'no SIP' : row.transport.toUpperCase(),
    String(row.delays),
    ms(row.theoryMs, 0),
    ...[measured.min, measured.p50, measured.p90, measured.max].map((value) => ms(value, 1)),
    ms(measured.p50 / delayMs, 2),
    ...[added.min, added.p50, added.max].map((value) => ms(value, 1)),
    String(row.failures.length),
  ]
}

function ms(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}

/** The part of RESULTS.md. `day`: ISO 8601. */
export function resultsPart(
  rows: readonly Row[],
  checks: readonly LinkCheck[],
  options: Options,
  machine: Machine,
  day: string,
): string {
  const { delayMs, rounds, warmUps } = options
  const steps = [...new Set(rows.map((row) => row.way))].map(
    (way) => `- ${ways[way].title}: ${ways[way].steps}.`,
  )
  return `## npm run bench:setup

From the arrival of the push, tapped at once, to the first frame of the other side's sound at **both** sides.
Everything that the device sends and receives takes ${delayMs} ms one way: SIP, HTTP and RTP; its connections are open.
The server runs in a process of its own, on the embedded engines; ${rounds} rounds each, in turn, after ${warmUps}
that are not counted. Milliseconds. ${day}; ${describeMachine(machine)}.
${busyWarning(machine) ?? ''}

${rowsTable(rows, delayMs)}

_added_ is measured less theory: the server's part, that of the scripted players, and the wait for the next frame of
sound. Sound goes in frames of 20 ms, whose moments are random against the rest: of the side that hears last, that
wait is anything from 0 to 20 ms. The smallest _added_ of a row is a round that hardly waited, and so the server's and
the players' part.

One-way delays of theory, step by step:

${steps.join('\n')}

Over WS an INVITE of the server's offers WebRTC, as to a browser, which these phones are not: those rows are left out.

The link was checked first, by 20 round trips with the delay and 20 without, to a minimal server in the players' process; _added_ is between the fastest of each:

${linkTable(checks, delayMs)}`
}
