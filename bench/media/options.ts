import { parseArgs } from 'node:util'
import { nameOf, numberOf, optionText as text } from '../support/option-values.js'
import { readRunOptions, runArgs, type RunOptions, runUsage } from '../support/run-options.js'
import { type RelayName, relayNames } from './relay.js'

export interface Options extends RunOptions {
  readonly relays: readonly RelayName[]
  /** Calls at once, each measured on relays of their own. */
  readonly calls: readonly number[]
  readonly rounds: number
  /** Of each measurement, and of what goes ahead of it and is not counted. */
  readonly seconds: number
  readonly warmUpSeconds: number
}

export const usage = `npm run bench:media -- [options]
  --relays A,B        of ${relayNames.join(', ')}; both
  --calls N,N         at once, a packet each way in 20 ms; 50,200,500
  --rounds N          3
  --seconds N         of each measurement; 10
  --warm-up N         seconds ahead of it, not counted; 3
${runUsage('relay')}`

/** @throws Error that says which option is wrong. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...runArgs,
      relays: text(relayNames.join(',')),
      calls: text('50,200,500'),
      rounds: text('3'),
      seconds: text('10'),
      'warm-up': text('3'),
    },
  })
  if (values.help) return 'help'
  return {
    ...readRunOptions(values),
    relays: values.relays.split(',').map((one) => nameOf('relays', one.trim(), relayNames)),
    calls: values.calls.split(',').map((one) => numberOf('calls', one, 1, 600)),
    rounds: numberOf('rounds', values.rounds, 1),
    seconds: numberOf('seconds', values.seconds, 1),
    warmUpSeconds: numberOf('warm-up', values['warm-up'], 0),
  }
}
