import { runCommand } from '../support/command.js'
import { thisMachine } from '../support/machine.js'
import { keepResults } from '../support/results.js'
import { type Options, readOptions, usage } from './options.js'
import { resultsPart, rowOf, rowsTable } from './report.js'
import { SCENARIOS } from './scenarios.js'
import { simulate } from './simulate.js'

async function bench(options: Options): Promise<boolean> {
  const machine = thisMachine()
  const rows = SCENARIOS.map((scenario) => rowOf(scenario, simulate(scenario, options.calls, options.seed)))
  process.stdout.write(`${rowsTable(rows)}\n`)
  if (options.dry) return true
  const at = new Date().toISOString()
  const json = { bench: 'regions', at, machine, options, scenarios: SCENARIOS, rows }
  await keepResults('regions', json, resultsPart(rows, SCENARIOS, options, machine, at.slice(0, 10)))
  return true
}

await runCommand({ usage, readOptions, bench })
