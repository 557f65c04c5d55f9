import { parseArgs } from 'node:util'
import { type ArrivalKind, arrivalKinds } from '../load/arrivals.js'
import { type Proof, proofs } from '../load/plan.js'
import { peerArgs, type PeerOptions, peerUsage, readPeerOptions } from '../peers/options.js'
import { peerNames } from '../peers/peers.js'
import { nameOf, numberOf, optionText as text } from '../support/option-values.js'

export interface Options extends PeerOptions {
  /** How long the push service takes, ms: each is a search of its own. */
  readonly pushes: readonly number[]
  /** Of each trial. */
  readonly seconds: number
  readonly warmUpSeconds: number
  /** Calls a second to begin with, and where doubling ends. */
  readonly first: number
  readonly most: number
  /** Bisection ends where two rates are closer than this share of the lower one. */
  readonly closeness: number
  readonly arrivals: ArrivalKind
  readonly proof: Proof
  readonly talkMs: number
}

export const usage = `npm run bench:rate -- [options]
  --peers A,B         of ${peerNames.join(', ')}; kamailio-4,kamailio-64,reveille
  --push MS,MS        until the push service answers, each a search of its own; 0,50
  --seconds N         of each trial; 4
  --warm-up N         seconds at its rate ahead of each trial, after what makes a server warm; 2
  --first N           calls/s to begin with; 50
  --most N            where doubling ends; 16000
  --closeness N       share of a rate by which the last two differ; 0.1
  --arrivals KIND     ${arrivalKinds.join(' or ')}; poisson
  --proof KIND        of the woken REGISTER: ${proofs.join(' or ')}; token
  --talk MS           100
${peerUsage}`

/** @throws Error that says which option is wrong. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...peerArgs('kamailio-4,kamailio-64,reveille'),
      push: text('0,50'),
      seconds: text('4'),
      'warm-up': text('2'),
      first: text('50'),
      most: text('16000'),
      closeness: text('0.1'),
      arrivals: text('poisson'),
      proof: text('token'),
      talk: text('100'),
    },
  })
  if (values.help) return 'help'
  return {
    ...readPeerOptions(values),
    pushes: values.push.split(',').map((one) => numberOf('push', one, 0)),
    seconds: numberOf('seconds', values.seconds, 1),
    warmUpSeconds: numberOf('warm-up', values['warm-up'], 0),
    first: numberOf('first', values.first, 1),
    most: numberOf('most', values.most, 1),
    closeness: numberOf('closeness', values.closeness, 0.001),
    arrivals: nameOf('arrivals', values.arrivals, arrivalKinds),
    proof: nameOf('proof', values.proof, proofs),
    talkMs: numberOf('talk', values.talk, 0),
  }
}
