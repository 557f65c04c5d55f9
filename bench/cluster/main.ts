import { ceilingWarning, describeCeiling, findCeiling } from '../load/self-test.js'
import { runCommand, say } from '../support/command.js'
import { machineOfRun } from '../support/machine.js'
import { keepResults } from '../support/results.js'
import { openDatabases } from './database.js'
import { type Options, readOptions, usage } from './options.js'
import { crossingTable, resultsPart, rowOf, scalingTable } from './report.js'
import { playRound, type Round } from './round.js'

async function bench(options: Options): Promise<boolean> {
  const machine = machineOfRun()
  const ceiling = await findCeiling(1, options.loadCores, () => undefined)
  say(describeCeiling(ceiling))
  const databases = await openDatabases(options.postgres)
  const played: Round[] = []
  try {
    // In turn, so that what slows the machine for a while slows all of them.
    for (let round = 1; round <= options.rounds; round++) {
      for (const workers of options.workers) {
        const one = await playRound(workers, options, databases, round)
        for (const [why, count] of Object.entries(one.failures))
          say(`${String(workers)} workers: ${String(count)} calls failed: ${why}`)
        played.push(one)
      }
    }
  } finally {
    await databases.close()
  }
  const rows = options.workers.map((workers) => rowOf(played.filter((one) => one.workers === workers)))
  say(scalingTable(rows))
  say(crossingTable(rows))
  for (const { workers, lateMs } of rows) {
    const limit = ceilingWarning(options.rate, ceiling, lateMs)
    if (limit !== undefined) say(`${String(workers)} workers: ${limit}`)
  }
  if (!options.dry) {
    const at = new Date().toISOString()
    const versions = `PostgreSQL ${databases.version}`
    const json = { bench: 'cluster', at, machine, versions, options, ceiling, rows }
    await keepResults('cluster', json, resultsPart(rows, options, machine, versions, at.slice(0, 10)))
  }
  return rows.every(({ calls, completed }) => completed === calls)
}

await runCommand({ usage, readOptions, bench })
