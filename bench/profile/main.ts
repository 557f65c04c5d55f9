import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { runCommand, say } from '../support/command.js'
import { numberOf, optionFlag, optionText } from '../support/option-values.js'
import { fileOf, functionOf, roomOf, type Self, selvesOf, summed } from '../support/profile.js'
import { markdownTable } from '../support/table.js'

interface Options {
  readonly files: readonly string[]
  /** Lines of each table. */
  readonly top: number
}

const usage = `npx tsx bench/profile/main.ts [options] FILE...
  --top N             lines of each table; 25
FILE                  what --cpu-prof or --heap-prof wrote; several, as of threads, are summed`

function readOptions(argv: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: { top: optionText('25'), help: optionFlag },
    allowPositionals: true,
  })
  if (values.help) return 'help'
  if (positionals.length === 0) throw new Error('no FILE')
  return { files: positionals, top: numberOf('top', values.top, 1) }
}

async function bench({ files, top }: Options): Promise<boolean> {
  const profiles = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as object),
  )
  const unit = profiles.some((profile) => 'head' in profile) ? 'MB' : 'CPU, ms'
  const selves = profiles.flatMap(selvesOf)
  say(tableOf('room', unit, selves, roomOf, top))
  say(tableOf('file', unit, selves, fileOf, top))
  say(tableOf('function', unit, selves, functionOf, top))
  return true
}

function tableOf(
  title: string,
  unit: string,
  selves: readonly Self[],
  nameOf: Parameters<typeof summed>[1],
  top: number,
): string {
  const whole = selves.reduce((sum, { value }) => sum + value, 0)
  const scale = unit === 'MB' ? 2 ** 20 : 1000
  const rows = summed(selves, nameOf)
    .slice(0, top)
    .map(([name, value]) => [name, (value / scale).toFixed(1), ((value * 100) / whole).toFixed(1)])
  return markdownTable([title, unit, '%'], rows)
}

await runCommand({ usage, readOptions, bench })
