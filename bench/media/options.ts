import { parseArgs } from 'node:util'
import { nameOf, numberOf, optionFlag, optionText as text } from '../support/option-values.js'
import { type RelayName, relayNames } from './relay.js'

export interface Options {
  readonly relays: readonly RelayName[]
  /** Calls at once, each measured on relays of their own. */
  readonly calls: readonly number[]
  readonly rounds: number
  /** Of each measurement, and of what goes ahead of it and is not counted. */
  readonly seconds: number
  readonly warmUpSeconds: number
  /** As of taskset(1); '' for any. */
  readonly serverCores: string
  readonly loadCores: string
  /** The results that are kept stay as they are. */
  readonly dry: boolean
}

export const usage = `npm run bench:media -- [options]
  --relays A,B        of ${relayNames.join(', ')}; both
  --calls N,N         at once, a packet each way in 20 ms; 50,200,500
  --rounds N          3
  --seconds N         of each measurement; 10
  --warm-up N         seconds ahead of it, not counted; 3
  --server-cores LIST cores for the relay, as of taskset; any
  --load-cores LIST   and for the generator; any
  --dry               leaves bench/RESULTS.md and bench/results as they are`

/** @throws Error that says which option is wrong. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      relays: text(relayNames.join(',')),
      calls: text('50,200,500'),
      rounds: text('3'),
      seconds: text('10'),
      'warm-up': text('3'),
      'server-cores': text(''),
      'load-cores': text(''),
      dry: optionFlag,
      help: optionFlag,
    },
  })
  if (values.help) return 'help'
  return {
    relays: values.relays.split(',').map((one) => nameOf('relays', one.trim(), relayNames)),
    calls: values.calls.split(',').map((one) => numberOf('calls', one, 1, 600)),
    rounds: numberOf('rounds', values.rounds, 1),
    seconds: numberOf('seconds', values.seconds, 1),
    warmUpSeconds: numberOf('warm-up', values['warm-up'], 0),
    serverCores: values['server-cores'],
    loadCores: values['load-cores'],
    dry: values.dry,
  }
}
