import { parseArgs } from 'node:util'
import { type ArrivalKind, arrivalKinds } from '../load/arrivals.js'
import { type Proof, proofs } from '../load/plan.js'
import { peerArgs, type PeerOptions, peerUsage, readPeerOptions } from '../peers/options.js'
import { peerNames } from '../peers/peers.js'
import { nameOf, numberOf, optionFlag as flag, optionText as text } from '../support/option-values.js'

export interface Options extends PeerOptions {
  readonly rounds: number
  /** Calls a second, on the average, and for how long in each round. */
  readonly rate: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly arrivals: ArrivalKind
  readonly proof: Proof
  /** Milliseconds each. */
  readonly pushMs: number
  readonly wakeMs: number
  readonly ringMs: number
  readonly talkMs: number
  readonly delayMs: number
  readonly rtp: boolean
  readonly awake: boolean
}

const wakePeers = 'kamailio,kamailio-rtpengine,reveille,reveille-ringing'
const awakePeers = 'kamailio-rtpengine,freeswitch,reveille'

export const usage = `npm run bench:wake -- [options]
  --peers A,B         of ${peerNames.join(', ')}; ${wakePeers}
  --rounds N          of each, in turn; 3
  --rate N            calls/s; 50
  --seconds N         of each round; 10
  --warm-up N         seconds at this rate ahead of each round, after what makes a server warm; 3, or 35 after a faster one
  --arrivals KIND     ${arrivalKinds.join(' or ')}; poisson
  --proof KIND        of the woken REGISTER: ${proofs.join(' or ')}; token
  --push MS           until the push service answers; 0
  --wake MS           from then to the REGISTER; 0
  --ring MS           until the phone answers; 0
  --talk MS           500
  --delay MS          one way, of the phone's SIP; 0
  --rtp               both ways, while they talk
  --awake             phones stay registered, and calls go to them with no push; ${awakePeers}
${peerUsage}`

/** Under which the results are kept: real engines take far more of a machine, and so are measured at a rate of their own. */
export function partOf({
  awake,
  peers,
}: Pick<Options, 'awake' | 'peers'>): 'awake' | 'wake' | 'wake-engines' {
  if (awake) return 'awake'
  return peers.includes('reveille-engines') ? 'wake-engines' : 'wake'
}

/** @throws Error that says which option is wrong. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...peerArgs(''),
      rounds: text('3'),
      rate: text('50'),
      seconds: text('10'),
      'warm-up': text('3'),
      arrivals: text('poisson'),
      proof: text('token'),
      push: text('0'),
      wake: text('0'),
      ring: text('0'),
      talk: text('500'),
      delay: text('0'),
      rtp: flag,
      awake: flag,
    },
  })
  if (values.help) return 'help'
  return {
    ...readPeerOptions({ ...values, peers: values.peers || (values.awake ? awakePeers : wakePeers) }),
    rounds: numberOf('rounds', values.rounds, 1),
    rate: numberOf('rate', values.rate, 1),
    seconds: numberOf('seconds', values.seconds, 1),
    warmUpSeconds: numberOf('warm-up', values['warm-up'], 0),
    arrivals: nameOf('arrivals', values.arrivals, arrivalKinds),
    proof: nameOf('proof', values.proof, proofs),
    pushMs: numberOf('push', values.push, 0),
    wakeMs: numberOf('wake', values.wake, 0),
    ringMs: numberOf('ring', values.ring, 0),
    talkMs: numberOf('talk', values.talk, 0),
    delayMs: numberOf('delay', values.delay, 0),
    rtp: values.rtp,
    awake: values.awake,
  }
}
