import { resolve } from 'node:path'
import { nameOf, numberOf, optionFlag, optionText } from '../support/option-values.js'
import { readRunOptions, runArgs, type RunOptions, runUsage } from '../support/run-options.js'
import type { Profiling } from './peer.js'
import { type PeerName, peerNames } from './peers.js'

/** What every bench of servers beside each other is told. */
export interface PeerOptions extends RunOptions {
  readonly peers: readonly PeerName[]
  /** Processes of the generator. */
  readonly workers: number
  readonly profiling: Profiling | undefined
}

export const peerUsage = `  --workers N         processes of the generator, up to 4; 1
${runUsage()}
  --profile DIR       has our servers write CPU profiles there, for bench/profile/main.ts; as with --dry
  --heap              and what they hold in memory in place of CPU`

/** For parseArgs. `peers`: those that are measured where nobody says. */
export function peerArgs(peers: string) {
  return {
    peers: optionText(peers),
    workers: optionText('1'),
    ...runArgs,
    profile: optionText(''),
    heap: optionFlag,
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
    ...readRunOptions(values),
    dry: values.dry || values.profile !== '',
    profiling:
      values.profile === ''
        ? undefined
        : { directory: resolve(values.profile), kind: values.heap ? 'heap' : 'cpu' },
  }
}
