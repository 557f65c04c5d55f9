import { parseArgs } from 'node:util'

export interface Options {
  /** Of each scenario. */
  readonly calls: number
  readonly seed: number
  /** What is checked is that it runs: the results that are kept stay as they are. */
  readonly dry: boolean
}

export const usage = `npm run bench:regions -- [options]
  --calls N   calls of each scenario; 50000
  --seed N    of the random numbers; 1
  --dry       leaves bench/RESULTS.md and bench/results as they are`

/** @throws Error that says which option is wrong. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      calls: { type: 'string', default: '50000' },
      seed: { type: 'string', default: '1' },
      dry: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return { calls: wholeOf('calls', values.calls, 1), seed: wholeOf('seed', values.seed, 0), dry: values.dry }
}

function wholeOf(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`--${name} must be a whole number of ${least} or more: ${text}`)
  }
  return value
}
