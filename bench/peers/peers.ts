import { enginesAreNamed } from './engines.js'
import { freeswitchVersion, startFreeswitch } from './freeswitch.js'
import { type KamailioOptions, kamailioVersion, startKamailio } from './kamailio.js'
import type { Peer, PeerOptions } from './peer.js'
import { type ReveilleOptions, startReveille } from './reveille.js'
import { rtpengineVersion } from './rtpengine.js'

/** Workers that send pushes. Where the push service answers at once, few do best; where it takes its time, many. */
const kamailios = {
  kamailio: { pushWorkers: 4 },
  'kamailio-4': { pushWorkers: 4 },
  'kamailio-64': { pushWorkers: 64 },
  'kamailio-suspend': { pushWorkers: 4, suspends: true },
  'kamailio-rtpengine': { pushWorkers: 4, suspends: true, relays: true },
} as const satisfies Readonly<Record<string, KamailioOptions>>

const reveilles = {
  reveille: { ringback: 'early-media' },
  'reveille-ringing': { ringback: 'ringing' },
  'reveille-engines': { ringback: 'early-media', onEngines: true },
} as const satisfies Readonly<Record<string, ReveilleOptions>>

export const peerNames = [
  'kamailio',
  'kamailio-4',
  'kamailio-64',
  'kamailio-suspend',
  'kamailio-rtpengine',
  'freeswitch',
  'reveille',
  'reveille-ringing',
  'reveille-engines',
] as const
export type PeerName = (typeof peerNames)[number]

export const peerTitles: Readonly<Record<PeerName, string>> = {
  kamailio: 'Kamailio + tsilo',
  'kamailio-4': 'Kamailio + tsilo, 4 push workers',
  'kamailio-64': 'Kamailio + tsilo, 64 push workers',
  'kamailio-suspend': 'Kamailio, suspending',
  'kamailio-rtpengine': 'Kamailio + rtpengine',
  freeswitch: 'FreeSWITCH, plain B2BUA',
  reveille: 'Reveille, embedded',
  'reveille-ringing': 'Reveille, embedded, 180',
  'reveille-engines': 'Reveille, drachtio + FreeSWITCH',
}

/** What each does of media, and what its caller gets while it waits. */
export const peerMedia: Readonly<Record<PeerName, string>> = {
  kamailio: 'none; 180',
  'kamailio-4': 'none; 180',
  'kamailio-64': 'none; 180',
  'kamailio-suspend': 'none; 180',
  'kamailio-rtpengine': 'relayed; 180',
  freeswitch: 'relayed; what the phone sends',
  reveille: 'relayed; 183 and a tone',
  'reveille-ringing': 'relayed; 180',
  'reveille-engines': 'relayed; 183 and a tone',
}

/** Why this server cannot be measured here; undefined where it can. */
export function absenceOf(name: PeerName): string | undefined {
  if (isOurs(name))
    return reveilles[name] === reveilles['reveille-engines'] && !enginesAreNamed()
      ? 'no engines are named'
      : undefined
  if (name === 'freeswitch') return freeswitchVersion() === undefined ? 'no freeswitch' : undefined
  if (kamailioVersion() === undefined) return 'no kamailio'
  return name === 'kamailio-rtpengine' && rtpengineVersion() === undefined ? 'no rtpengine' : undefined
}

/** Those that can be measured here; what cannot is told. */
export function presentOf(names: readonly PeerName[], tell: (text: string) => void): PeerName[] {
  return names.filter((name) => {
    const absence = absenceOf(name)
    if (absence !== undefined) tell(`Left out: ${peerTitles[name]}: ${absence}.`)
    return absence === undefined
  })
}

/** Of the programs that these are, for those who read the results. */
export function versionsOf(names: readonly PeerName[]): string {
  const found = [
    names.some((name) => name in kamailios) && `Kamailio ${kamailioVersion() ?? 'absent'}`,
    names.includes('kamailio-rtpengine') && `rtpengine ${rtpengineVersion() ?? 'absent'}`,
    names.includes('freeswitch') && `FreeSWITCH ${freeswitchVersion() ?? 'absent'}`,
  ]
  return found.filter((one) => one !== false).join(', ')
}

/** Calls that a server is played before it is measured. */
export interface WarmUp {
  readonly calls: number
  readonly perSecond: number
}

/**
 * All are measured as they are after a while. A program that is compiled as it runs takes some thousands of calls to be
 * there (at 50 a second: four minutes), and one that was compiled before it ran takes a few.
 */
export function warmUpOf(name: PeerName): WarmUp {
  if (name === 'reveille-engines') return { calls: 200, perSecond: 10 }
  return isOurs(name) ? { calls: 12_000, perSecond: 250 } : { calls: 100, perSecond: 50 }
}

/** RFC 3261 has transactions of the warm-up kept for 32 s. */
const KEPT_SECONDS = 35

/** How long a server that is warm is played so many calls a second before nothing of a faster warm-up is in them, s. */
export function settlingOf(name: PeerName, perSecond: number): number {
  return warmUpOf(name).perSecond > perSecond ? KEPT_SECONDS : 0
}

/** Rejects, and leaves nothing behind, where the server does not come up. */
export function startPeer(name: PeerName, options: PeerOptions): Promise<Peer> {
  if (isOurs(name)) return startReveille(options, reveilles[name])
  return name === 'freeswitch' ? startFreeswitch(options) : startKamailio(options, kamailios[name])
}

export function isOurs(name: PeerName): name is keyof typeof reveilles {
  return name in reveilles
}
