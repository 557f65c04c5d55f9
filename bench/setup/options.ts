import { parseArgs } from 'node:util'
import { nameOf, numberOf } from '../support/option-values.js'
import { wayNames, type WayName } from './ways.js'

export const transports = ['udp', 'tcp', 'ws'] as const
export type Transport = (typeof transports)[number]

export interface Options {
  /** Counted rounds of each way over each transport. */
  readonly rounds: number
  /** Rounds before those, which are not counted: the server compiles its code while it runs it first. */
  readonly warmUps: number
  /** Of the device's link, one way, ms. */
  readonly delayMs: number
  readonly ways: readonly WayName[]
  readonly transports: readonly Transport[]
  /** What is checked is that it runs: the results that are kept stay as they are. */
  readonly dry: boolean
}

export const usage = `npm run bench:setup -- [options]
  --rounds N         counted rounds of each way over each transport; 20
  --warm-ups N       rounds ahead of those, not counted; 3
  --delay MS         one-way delay of the device's link; 50
  --ways A,B         of ${wayNames.join(', ')}; all
  --transports A,B   of ${transports.join(', ')}; all
  --dry              leaves bench/RESULTS.md and bench/results as they are`

/** @throws Error that says which option is wrong. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string', default: '20' },
      'warm-ups': { type: 'string', default: '3' },
      delay: { type: 'string', default: '50' },
      ways: { type: 'string', default: wayNames.join() },
      transports: { type: 'string', default: transports.join() },
      dry: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  return {
    rounds: numberOf('rounds', values.rounds, 1),
    warmUps: numberOf('warm-ups', values['warm-ups'], 0),
    delayMs: numberOf('delay', values.delay, 0),
    ways: namesOf('ways', values.ways, wayNames),
    transports: namesOf('transports', values.transports, transports),
    dry: values.dry,
  }
}

function namesOf<T extends string>(name: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((one) => nameOf(name, one.trim(), known))
}
