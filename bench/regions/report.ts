import { busyWarning, describeMachine, type Machine } from '../support/machine.js'
import { spreadOf, type Spread } from '../support/statistics.js'
import { markdownTable } from '../support/table.js'
import type { Options } from './options.js'
import { REGIONS, type RegionName, ROUND_TRIPS, SHARES } from './places.js'
import type { Scenario } from './scenarios.js'
import type { Simulation } from './simulate.js'

/** A scenario in figures: ms of a round trip, and ratios of their sums. */
export interface Row {
  readonly scenario: string
  readonly calls: number
  readonly turnedAway: number
  readonly chosen: Spread
  readonly best: Spread
  /** All media in the one region, of those that are up, that is best for it. */
  readonly single: Spread & { readonly region: RegionName }
  readonly chosenToBest: number
  readonly singleToBest: number
  readonly singleToChosen: number
  /** Share of calls that went the best way. */
  readonly bestShare: number
}

export function rowOf({ name, lost }: Scenario, { calls, turnedAway }: Simulation): Row {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const chosen = calls.map(({ chosenMs }) => chosenMs)
  const best = calls.map(({ bestMs }) => bestMs)
  const alone = REGIONS.filter((region) => !lost.includes(region)).map((region) => ({
    region,
    ms: calls.map(({ aloneMs }) => aloneMs[region]),
  }))
  const [single] = [...alone].sort((a, b) => sum(a.ms) - sum(b.ms))
  if (single === undefined) throw new Error('no region is up')
  return {
    scenario: name,
    calls: calls.length,
    turnedAway,
    chosen: spreadOf(chosen),
    best: spreadOf(best),
    single: { ...spreadOf(single.ms), region: single.region },
    chosenToBest: sum(chosen) / sum(best),
    singleToBest: sum(single.ms) / sum(best),
    singleToChosen: sum(single.ms) / sum(chosen),
    // Two ways of equal length may differ in the last bit.
    bestShare: calls.filter(({ chosenMs, bestMs }) => chosenMs - bestMs < 1e-6).length / calls.length,
  }
}

export function rowsTable(rows: readonly Row[]): string {
  const head = [
    'scenario',
    'chosen p50, ms',
    'p90',
    'best p50',
    'p90',
    'one region',
    'p50',
    'p90',
    'chosen / best',
    'one / best',
    'one / chosen',
    'best way, %',
    'turned away',
  ]
  return markdownTable(
    head,
    rows.map((row) => [
      row.scenario,
      ...[row.chosen.p50, row.chosen.p90, row.best.p50, row.best.p90].map((value) => value.toFixed(0)),
      row.single.region,
      ...[row.single.p50, row.single.p90].map((value) => value.toFixed(0)),
      ...[row.chosenToBest, row.singleToBest, row.singleToChosen].map((value) => value.toFixed(3)),
      (100 * row.bestShare).toFixed(1),
      String(row.turnedAway),
    ]),
  )
}

/** The part of RESULTS.md. `day`: ISO 8601. */
export function resultsPart(
  rows: readonly Row[],
  scenarios: readonly Scenario[],
  { calls, seed }: Options,
  machine: Machine,
  day: string,
): string {
  const costs = ROUND_TRIPS.map(({ from, to, cost }) => `${from}–${to} ${cost}`).join(', ')
  const shares = REGIONS.map((region) => `${region} ${100 * SHARES[region]} %`).join(', ')
  return `## npm run bench:regions

A simulation: ${calls} calls a scenario between random callers and callees in five regions, seed ${seed}. The media of each
is chosen by the function that the server chooses by, which knows the configured costs, the edge that each side came by,
and how full each media server is. _Best_ is the shortest way by any region that is up, by the true round trips, whoever
has room. _One region_ has all media in the single one that is best on the whole for that scenario, with room without end.
Ways are round trips from end to end, access networks (8 to 45 ms a side) included; ratios are of their sums.
${day}; ${describeMachine(machine)}.
${busyWarning(machine) === undefined ? '' : 'The machine was busy, which changes nothing here.'}

${rowsTable(rows)}

${scenarios.map(({ name, what }) => `- ${name}: ${what}.`).join('\n')}

Round trips between the regions, ms, approximate (from a public table of 2017): ${costs}. Where people are: ${shares}.`
}
