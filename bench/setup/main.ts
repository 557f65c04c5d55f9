import { runCommand, say } from '../support/command.js'
import { machineOfRun, type Machine } from '../support/machine.js'
import { keepResults } from '../support/results.js'
import { checkLink, type LinkCheck, worstError } from './link-check.js'
import { type Options, readOptions, type Transport, usage } from './options.js'
import { type Course, linkTable, resultsPart, type Row, rowOf, rowsTable } from './report.js'
import { enrol, playRound, type Round } from './round.js'
import { Site } from './site.js'
import { type Way, ways, type WayName } from './ways.js'

/** A link that is off by more than this measures something else, ms of a round trip. */
const TOLERANCE_MS = 3

interface Lane {
  readonly way: WayName
  readonly transport: Transport
  readonly rounds: Round[]
  readonly failures: string[]
}

async function bench(options: Options): Promise<boolean> {
  const { delayMs } = options
  const machine = machineOfRun()
  const checks = await checkLink(delayMs)
  say(linkTable(checks, delayMs))
  const error = worstError(checks, delayMs)
  if (error > TOLERANCE_MS) throw new Error(`the link is off by ${error.toFixed(1)} ms: nothing was measured`)
  const site = await Site.open(options.ways)
  try {
    for (const way of options.ways) await enrol(site, way)
    const courses = await playAll(site, options)
    const rows = courses.map((course) => rowOf(course, delayMs))
    say(rowsTable(rows, delayMs))
    for (const fault of site.faults) say(`the server logged: ${fault}`)
    if (!options.dry) await keep(machine, rows, courses, checks, options)
    return courses.every(({ failures }) => failures.length === 0)
  } finally {
    await site.close()
  }
}

/** In turn, so that what slows the machine for a while slows all of them. */
async function playAll(site: Site, options: Options): Promise<readonly Course[]> {
  const lanes = lanesOf(options)
  for (let n = -options.warmUps; n < options.rounds; n++) {
    for (const lane of lanes) await play(site, lane, options.delayMs, n >= 0)
    progress(`round ${Math.max(0, n + 1)} of ${options.rounds}`)
  }
  progress('')
  return lanes
}

async function play(site: Site, lane: Lane, delayMs: number, counts: boolean): Promise<void> {
  try {
    const round = await playRound(site, lane.way, lane.transport, delayMs)
    if (counts) lane.rounds.push(round)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (!lane.failures.includes(reason)) say(`${lane.way} over ${lane.transport}: ${reason}`)
    lane.failures.push(reason)
  }
}

function lanesOf({ ways: names, transports }: Options): Lane[] {
  // A phone on a WebSocket is taken for a browser, and these are none: what the server sends offers WebRTC there.
  const over = ({ overSip, invited }: Way): readonly Transport[] =>
    overSip ? transports.filter((transport) => !invited || transport !== 'ws') : transports.slice(0, 1)
  return names.flatMap((way) =>
    over(ways[way]).map((transport) => ({
      way,
      transport,
      rounds: [],
      failures: [],
    })),
  )
}

async function keep(
  machine: Machine,
  rows: readonly Row[],
  courses: readonly Course[],
  checks: readonly LinkCheck[],
  options: Options,
): Promise<void> {
  const at = new Date().toISOString()
  const json = { bench: 'setup', at, machine, options, link: checks, rows, courses }
  await keepResults('setup', json, resultsPart(rows, checks, options, machine, at.slice(0, 10)))
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

await runCommand({ usage, readOptions, bench })
