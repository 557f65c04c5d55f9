import { parseArgs } from 'node:util'
import { peerArgs, type PeerOptions, peerUsage, readPeerOptions } from '../peers/options.js'
import { peerNames } from '../peers/peers.js'
import { numberOf, optionText as text } from '../support/option-values.js'

export interface Options extends PeerOptions {
  /** Calls that wait at once; each is measured on a server of its own. */
  readonly counts: readonly number[]
  /** At which they are begun, calls/s, unless the server is slower. */
  readonly rate: number
  /** Whole calls that are played beside them, and how many a second. */
  readonly probes: number
  readonly probeRate: number
}

export const usage = `npm run bench:waiting -- [options]
  --peers A,B         of ${peerNames.join(', ')}; kamailio-suspend,reveille-ringing
  --counts N,N        calls that wait at once; 1000,10000,50000
  --rate N            at which they are begun, calls/s, unless the server is slower; 2000; they wait 10 min at most
  --probes N          whole calls beside them; 300
  --probe-rate N      calls/s; 20
${peerUsage}`

/** @throws Error that says which option is wrong. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...peerArgs('kamailio-suspend,reveille-ringing'),
      counts: text('1000,10000,50000'),
      rate: text('2000'),
      probes: text('300'),
      'probe-rate': text('50'),
    },
  })
  if (values.help) return 'help'
  return {
    ...readPeerOptions(values),
    counts: values.counts.split(',').map((one) => numberOf('counts', one, 1)),
    rate: numberOf('rate', values.rate, 1),
    probes: numberOf('probes', values.probes, 1),
    probeRate: numberOf('probe-rate', values['probe-rate'], 1),
  }
}
