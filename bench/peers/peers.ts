import { startKamailio } from './kamailio.js'
import type { Peer, PeerOptions } from './peer.js'
import { startReveille } from './reveille.js'

export const peerNames = ['kamailio', 'kamailio-4', 'kamailio-64', 'reveille'] as const
export type PeerName = (typeof peerNames)[number]

/** Workers that send pushes. Where the push service answers at once, few do best; where it takes its time, many. */
const PUSH_WORKERS = { kamailio: 4, 'kamailio-4': 4, 'kamailio-64': 64 } as const

export const peerTitles: Readonly<Record<PeerName, string>> = {
  kamailio: 'Kamailio + tsilo',
  'kamailio-4': 'Kamailio + tsilo, 4 push workers',
  'kamailio-64': 'Kamailio + tsilo, 64 push workers',
  reveille: 'Reveille, embedded',
}

/** Rejects, and leaves nothing behind, where the server does not come up. */
export function startPeer(name: PeerName, options: PeerOptions): Promise<Peer> {
  return name === 'reveille' ? startReveille(options) : startKamailio(options, PUSH_WORKERS[name])
}
