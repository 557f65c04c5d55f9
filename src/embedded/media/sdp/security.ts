import { MediaError } from '../errors.js'
import { isUsableFingerprint } from '../webrtc/dtls/index.js'
import type { IceCredentials } from '../webrtc/ice.js'
import { attribute, attributes, type MediaDescription, type SessionDescription } from './description.js'

/** How the packets of a stream travel: in the clear, or by ICE and DTLS-SRTP on one port (RFC 8827, RFC 8834). */
export type Carriage = 'rtp' | 'webrtc'

export const WEBRTC_PROTOCOL = 'UDP/TLS/RTP/SAVPF'

/** A peer's side of ICE, DTLS and BUNDLE. */
export interface RemoteSecurity {
  /** Changes where the peer looks for paths anew (RFC 8839 §4.4.1.1). */
  fragment: string
  /** Values of `a=fingerprint:`. */
  fingerprints: readonly string[]
  mid?: string
  bundled: boolean
}

/** Of the profiles without keys in the description only those with a fingerprint are served. */
export function carriageOf(session: SessionDescription, media: MediaDescription): Carriage | undefined {
  switch (media.protocol.toUpperCase()) {
    case 'RTP/AVP':
    case 'RTP/AVPF':
      return 'rtp'
    case WEBRTC_PROTOCOL:
    case 'UDP/TLS/RTP/SAVP':
      return 'webrtc'
    case 'RTP/SAVP':
    case 'RTP/SAVPF':
      // As browsers of old wrote it (RFC 8829 §5.1.2).
      return fingerprintsOf(session, media).length > 0 ? 'webrtc' : undefined
    default:
      return undefined
  }
}

/** @throws MediaError `not-acceptable` for a peer that cannot come to us, or cannot be told from others */
export function remoteSecurity(session: SessionDescription, media: MediaDescription): RemoteSecurity {
  const either = (name: string) => attribute(media, name) ?? attribute(session, name)
  const refuse = (why: string) => new MediaError('not-acceptable', why)
  const fragment = either('ice-ufrag')
  if (fragment === undefined || either('ice-pwd') === undefined) throw refuse('DTLS without ICE')
  if (attribute(session, 'ice-lite') !== undefined) throw refuse('ICE lite on both sides: nobody would begin')
  if (attribute(media, 'rtcp-mux') === undefined) throw refuse('ICE with a port of its own for RTCP')
  const fingerprints = fingerprintsOf(session, media)
  if (!fingerprints.some(isUsableFingerprint)) throw refuse('no fingerprint of SHA-256 or better')
  const setup = either('setup') ?? 'active'
  if (setup !== 'active' && setup !== 'actpass') throw refuse(`DTLS with the peer as ${setup}`)
  const mid = attribute(media, 'mid')
  const bundled = attributes(session, 'group').some(
    (group) => group.startsWith('BUNDLE ') && mid !== undefined && group.split(' ').includes(mid),
  )
  return { fragment, fingerprints, bundled, ...(mid === undefined ? {} : { mid }) }
}

/** A session's keys stay: whoever comes with others would have to be told from who was there first. */
export function requireSamePeer(before: RemoteSecurity | undefined, now: RemoteSecurity | undefined): void {
  if (before === undefined || now === undefined) return
  // The hash's name and its digits are the same in either case (RFC 8122 §5).
  const known = before.fingerprints.map((each) => each.toLowerCase())
  if (now.fingerprints.some((each) => known.includes(each.toLowerCase()))) return
  throw new MediaError('not-acceptable', 'another certificate inside a session')
}

function fingerprintsOf(session: SessionDescription, media: MediaDescription): string[] {
  const own = attributes(media, 'fingerprint')
  return own.length > 0 ? own : attributes(session, 'fingerprint')
}

/** Who we are to a peer that wants proof, and what our stream is called. */
export interface LocalIdentity {
  /** The value of `a=fingerprint:`. */
  fingerprint: string
  ssrc: number
  cname: string
}

export interface LocalSecurity extends LocalIdentity {
  credentials: IceCredentials
  address: string
  port: number
}

/** Lines of the description as a whole. */
export function sessionLines({ mid, bundled }: Pick<RemoteSecurity, 'mid' | 'bundled'>): string[] {
  return ['a=ice-lite', ...(bundled && mid !== undefined ? [`a=group:BUNDLE ${mid}`] : [])]
}

/** Lines of the stream. @param setup `actpass` in an offer; the peer begins in any case (RFC 5763 §5) */
export function securityLines(local: LocalSecurity, setup: 'actpass' | 'passive', mid?: string): string[] {
  const { credentials, fingerprint, address, port, ssrc, cname } = local
  return [
    ...(mid === undefined ? [] : [`a=mid:${mid}`]),
    // Pages look for a stream beside the track (RFC 8830).
    'a=msid:reveille audio',
    `a=ssrc:${ssrc} cname:${cname}`,
    `a=ice-ufrag:${credentials.fragment}`,
    `a=ice-pwd:${credentials.password}`,
    `a=candidate:1 1 udp 2130706431 ${address} ${port} typ host`,
    `a=fingerprint:${fingerprint}`,
    `a=setup:${setup}`,
  ]
}
