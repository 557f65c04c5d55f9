import { parseArgs } from 'node:util'
import { type PeerName, peerNames } from '../peers/peers.js'
import { nameOf, numberOf, optionFlag as flag, optionText as text } from '../support/option-values.js'

export interface Options {
  readonly peers: readonly PeerName[]
  /** Calls that wait at once; each is measured on a server of its own. */
  readonly counts: readonly number[]
  /** At which they are begun, and cancelled, calls/s. */
  readonly rate: number
  /** Whole calls that are played beside them, and how many a second. */
  readonly probes: number
  readonly probeRate: number
  readonly workers: number
  /** As of taskset(1); '' for any. */
  readonly serverCores: string
  readonly loadCores: string
  readonly dry: boolean
}

export const usage = `npm run bench:waiting -- [options]
  --peers A,B         of ${peerNames.join(', ')}; kamailio,reveille
  --counts N,N        calls that wait at once; 1000,10000,50000
  --rate N            at which they are begun and cancelled, calls/s; 100; they wait 10 min at most
  --probes N          whole calls beside them; 200
  --probe-rate N      calls/s; 20
  --workers N         processes of the generator, up to 4; 1
  --server-cores LIST cores for the server, as of taskset; any
  --load-cores LIST   and for the generator; any
  --dry               leaves bench/RESULTS.md and bench/results as they are`

/** @throws Error that says which option is wrong. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      peers: text('kamailio,reveille'),
      counts: text('1000,10000,50000'),
      rate: text('100'),
      probes: text('200'),
      'probe-rate': text('20'),
      workers: text('1'),
      'server-cores': text(''),
      'load-cores': text(''),
      dry: flag,
      help: flag,
    },
  })
  if (values.help) return 'help'
  return {
    peers: values.peers.split(',').map((one) => nameOf('peers', one.trim(), peerNames)),
    counts: values.counts.split(',').map((one) => numberOf('counts', one, 1)),
    rate: numberOf('rate', values.rate, 1),
    probes: numberOf('probes', values.probes, 1),
    probeRate: numberOf('probe-rate', values['probe-rate'], 1),
    workers: numberOf('workers', values.workers, 1, 4),
    serverCores: values['server-cores'],
    loadCores: values['load-cores'],
    dry: values.dry,
  }
}
