import { thisMachine } from '../support/machine.js'
import { keepResults } from '../support/results.js'
import { type Options, readOptions, usage } from './options.js'
import { resultsPart, rowOf, rowsTable } from './report.js'
import { SCENARIOS } from './scenarios.js'
import { simulate } from './simulate.js'

async function bench(options: Options): Promise<void> {
  const machine = thisMachine()
  const rows = SCENARIOS.map((scenario) => rowOf(scenario, simulate(scenario, options.calls, options.seed)))
  process.stdout.write(`${rowsTable(rows)}\n`)
  if (options.dry) return
  const at = new Date().toISOString()
  const json = { bench: 'regions', at, machine, options, scenarios: SCENARIOS, rows }
  await keepResults('regions', json, resultsPart(rows, SCENARIOS, options, machine, at.slice(0, 10)))
}

async function main(): Promise<number> {
  let options: Options | 'help'
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`)
    return 2
  }
  if (options === 'help') process.stdout.write(`${usage}\n`)
  else await bench(options)
  return 0
}

process.exitCode = await main()
