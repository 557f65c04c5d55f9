import { optionFlag, optionText } from './option-values.js'

/** What every bench of a server in a process of its own is told. */
export interface RunOptions {
  /** As of taskset(1); '' for any. */
  readonly serverCores: string
  readonly loadCores: string
  /** The results that are kept stay as they are. */
  readonly dry: boolean
}

/** @param server what is measured */
export function runUsage(server = 'server'): string {
  return `  --server-cores LIST cores for the ${server}, as of taskset; any
  --load-cores LIST   and for the generator; any
  --dry               leaves bench/RESULTS.md and bench/results as they are`
}

/** For parseArgs. */
export const runArgs = {
  'server-cores': optionText(''),
  'load-cores': optionText(''),
  dry: optionFlag,
  help: optionFlag,
} as const

export function readRunOptions(values: {
  readonly 'server-cores': string
  readonly 'load-cores': string
  readonly dry: boolean
}): RunOptions {
  return { serverCores: values['server-cores'], loadCores: values['load-cores'], dry: values.dry }
}
