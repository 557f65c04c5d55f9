import { parseArgs } from 'node:util'
import { runCommand, say } from '../support/command.js'
import { numberOf, optionFlag, optionText as text } from '../support/option-values.js'
import { describeCeiling, findCeiling } from './self-test.js'

interface Options {
  /** Processes of the generator. */
  readonly workers: number
  /** As of taskset(1); '' for any. */
  readonly loadCores: string
}

const usage = `npm run bench:load -- [options]
  --workers N         processes of the generator, up to 4; 2
  --load-cores LIST   cores for them and the minimal server, as of taskset; any`

function readOptions(argv: readonly string[]): Options | 'help' {
  const options = { workers: text('2'), 'load-cores': text(''), help: optionFlag }
  const { values } = parseArgs({ args: [...argv], options })
  if (values.help) return 'help'
  return { workers: numberOf('workers', values.workers, 1, 4), loadCores: values['load-cores'] }
}

async function bench({ workers, loadCores }: Options): Promise<boolean> {
  say(describeCeiling(await findCeiling(workers, loadCores, say)))
  return true
}

await runCommand({ usage, readOptions, bench })
