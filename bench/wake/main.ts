import { describeCeiling, findCeiling, ceilingWarning } from '../load/self-test.js'
import { peerNames, type PeerName, peerTitles, presentOf, versionsOf, warmUpOf } from '../peers/peers.js'
import { type Measured, Stage, type StageOptions } from '../peers/stage.js'
import { runCommand, say } from '../support/command.js'
import { machineOfRun } from '../support/machine.js'
import { keepResults } from '../support/results.js'
import { type Options, partOf, readOptions, usage } from './options.js'
import { costTable, resultsPart, type Row, rowOf, stagesTable } from './report.js'

/** For each call; what is not over then has failed, ms. */
const DEADLINE_MS = 10_000
/** Phones for so many seconds of calls: one that ended its call is called again after the others. */
const PHONES_SECONDS = 4
/** Calls a second of the fastest warm-up. */
const MOST_WARMING = Math.max(...peerNames.map((name) => warmUpOf(name).perSecond))

async function bench(asked: Options): Promise<boolean> {
  const options = { ...asked, peers: presentOf(asked.peers, say) }
  const machine = machineOfRun()
  const ceiling = await findCeiling(options.workers, options.loadCores, () => undefined)
  say(describeCeiling(ceiling))
  const measured = new Map<PeerName, Measured[]>(options.peers.map((peer) => [peer, []]))
  // In turn, so that what slows the machine for a while slows all of them.
  for (let round = 1; round <= options.rounds; round++) {
    for (const peer of options.peers) measured.get(peer)?.push(await play(peer, options, round))
  }
  const rows = [...measured].map(([peer, rounds]) => rowOf(peer, rounds))
  const remarks = [describeCeiling(ceiling), ...warningsOf(rows, options, ceiling)]
  say(stagesTable(rows, options.awake))
  say(costTable(rows))
  say(remarks.join('\n'))
  if (!options.dry) {
    const at = new Date().toISOString()
    const versions = versionsOf(options.peers)
    const name = partOf(options)
    const json = { bench: name, at, machine, versions, options, ceiling, rows }
    await keepResults(name, json, resultsPart(rows, options, machine, versions, at.slice(0, 10), remarks))
  }
  return rows.every(({ calls, completed }) => completed === calls)
}

/** A server of its own each round, as a user starts it, and warm. */
async function play(peer: PeerName, options: Options, round: number): Promise<Measured> {
  const { rate, seconds, warmUpSeconds, arrivals } = options
  const stage = await Stage.open(peer, stageOf(options))
  try {
    const run = { perSecond: rate, arrivals, deadlineMs: DEADLINE_MS }
    await stage.warmUp(run, warmUpSeconds)
    const name = `m${round}`
    const measured = await stage.run({ ...run, name, calls: Math.ceil(rate * seconds), seed: 100 + round })
    for (const [why, count] of Object.entries(measured.result.failures))
      say(`${peerTitles[peer]}: ${count} calls failed: ${why}`)
    for (const fault of stage.faults) say(`${peerTitles[peer]} logged: ${fault}`)
    return measured
  } finally {
    await stage.close()
  }
}

function stageOf(options: Options): StageOptions {
  const { proof, pushMs, wakeMs, ringMs, talkMs, delayMs, rtp, awake, rate, workers } = options
  const busySeconds = PHONES_SECONDS + (pushMs + wakeMs + ringMs + talkMs + 12 * delayMs) / 1000
  // The warm-up may be faster.
  const phones = Math.ceil(Math.max(rate, MOST_WARMING) * busySeconds)
  const { serverCores, loadCores, profiling } = options
  return {
    plan: { phones, proof, pushMs, wakeMs, ringMs, talkMs, delayMs, rtp, awake },
    workers,
    serverCores,
    loadCores,
    profiling,
  }
}

function warningsOf(
  rows: readonly Row[],
  { rate }: Options,
  ceiling: Parameters<typeof ceilingWarning>[1],
): string[] {
  return rows.flatMap(({ peer, lateMs }) => {
    const warning = ceilingWarning(rate, ceiling, lateMs)
    return warning === undefined ? [] : [`${peerTitles[peer]}: ${warning}`]
  })
}

await runCommand({ usage, readOptions, bench })
