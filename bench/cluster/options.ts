import { parseArgs } from 'node:util'
import { type ArrivalKind, arrivalKinds } from '../load/arrivals.js'
import { type Proof, proofs } from '../load/plan.js'
import { nameOf, numberOf, optionText as text } from '../support/option-values.js'
import { readRunOptions, runArgs, type RunOptions, runUsage } from '../support/run-options.js'

export interface Options extends RunOptions {
  /** How many processes take the calls, each a row; 0: the server that is one process altogether. */
  readonly workers: readonly number[]
  /** Calls a second. */
  readonly rate: number
  /** Of each round. */
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly rounds: number
  readonly arrivals: ArrivalKind
  readonly proof: Proof
  readonly talkMs: number
  /** URL of a PostgreSQL; '' for one that is started for the run. */
  readonly postgres: string
}

export const usage = `npm run bench:cluster -- [options]
  --workers N,N       processes that take the calls, each a row; 0 is plain "reveille start"; 0,1,2,4
  --rate N            calls/s; 30
  --seconds N         of each round; 15
  --warm-up N         seconds of calls ahead of each round for each worker, not counted; 8
  --rounds N          of all rows in turn; 3
  --arrivals KIND     ${arrivalKinds.join(' or ')}; poisson
  --proof KIND        of the woken REGISTER: ${proofs.join(' or ')}; token
  --talk MS           100
  --postgres URL      of a server on which databases may be made; without it one is started
${runUsage()}`

/** @throws Error that says which option is wrong. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...runArgs,
      workers: text('0,1,2,4'),
      rate: text('30'),
      seconds: text('15'),
      'warm-up': text('8'),
      rounds: text('3'),
      arrivals: text('poisson'),
      proof: text('token'),
      talk: text('100'),
      postgres: text(''),
    },
  })
  if (values.help) return 'help'
  return {
    ...readRunOptions(values),
    workers: values.workers.split(',').map((one) => numberOf('workers', one, 0, 64)),
    rate: numberOf('rate', values.rate, 1),
    seconds: numberOf('seconds', values.seconds, 1),
    warmUpSeconds: numberOf('warm-up', values['warm-up'], 0),
    rounds: numberOf('rounds', values.rounds, 1),
    arrivals: nameOf('arrivals', values.arrivals, arrivalKinds),
    proof: nameOf('proof', values.proof, proofs),
    talkMs: numberOf('talk', values.talk, 0),
    postgres: values.postgres,
  }
}
