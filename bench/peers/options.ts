import { resolve } from 'node:path'
import { nameOf, numberOf, optionFlag, optionText } from '../support/option-values.js'
import type { Profiling } from './peer.js'
import { type PeerName, peerNames } from './peers.js'

/** What every bench of servers beside each other is told. */
export interface PeerOptions {
  readonly peers: readonly PeerName[]
  /** Processes of the generator. */
  readonly workers: number
  /** As of taskset(1); '' for any. */
  readonly serverCores: string
  readonly loadCores: string
  /** The results that are kept stay as they are. */
  readonly dry: boolean
  readonly profiling: Profiling | undefined
}

export const peerUsage = `  --workers N         processes of the generator, up to 4; 1
  --server-cores LIST cores for the server, as of taskset; any
  --load-cores LIST   and for the generator; any
  --dry               leaves bench/RESULTS.md and bench/results as they are
  --profile DIR       has our servers write CPU profiles there, for bench/profile/main.ts; as with --dry
  --heap              and what they hold in memory in place of CPU`

/** For parseArgs. `peers`: those that are measured where nobody says. */
export function peerArgs(peers: string) {
  return {
    peers: optionText(peers),
    workers: optionText('1'),
    'server-cores': optionText(''),
    'load-cores': optionText(''),
    dry: optionFlag,
    profile: optionText(''),
    heap: optionFlag,
    help: optionFlag,
  } as const
}

interface PeerValues {
  readonly peers: string
  readonly workers: string
  readonly 'server-cores': string
  readonly 'load-cores': string
  readonly dry: boolean
  readonly profile: string
  readonly heap: boolean
}

/** @throws Error that says which option is wrong. */
export function readPeerOptions(values: PeerValues): PeerOptions {
  return {
    peers: values.peers.split(',').map((one) => nameOf('peers', one.trim(), peerNames)),
    workers: numberOf('workers', values.workers, 1, 4),
    serverCores: values['server-cores'],
    loadCores: values['load-cores'],
    dry: values.dry || values.profile !== '',
    profiling:
      values.profile === ''
        ? undefined
        : { directory: resolve(values.profile), kind: values.heap ? 'heap' : 'cpu' },
  }
}
