import { isIP } from 'node:net'
import { MediaError } from '../errors.js'
import type { Direction } from '../types.js'
import {
  codecsOf,
  isTelephoneEvent,
  isVoice,
  relation,
  lawOf,
  sameCodec,
  type Codec,
  type NumberedCodec,
} from './codecs.js'
import { attribute, type MediaDescription, type SessionDescription } from './description.js'
import { carriageOf, remoteSecurity, type Carriage, type RemoteSecurity } from './security.js'

/** What both sides settled on for the one audio stream. */
export interface Agreement {
  /** Position of the stream among the m= lines. */
  index: number
  remote: RemoteMedia
  /** What we do. */
  direction: Direction
  /** In order of preference; the first is what we send. */
  audio: AgreedCodec[]
  events: AgreedCodec[]
  /** What the peer would like to receive, in ms a packet. */
  ptime: number
}

export interface AgreedCodec {
  codec: Codec
  /** The number in the peer's description: what it expects to receive (RFC 3264 §6.1). */
  send: number
  /** The number in ours, and the peer's own where it differs: peers mix them up. */
  receive: number[]
}

export interface RemoteMedia {
  /** Absent where it is a host name or unspecified: then it is learnt from what comes in. */
  address?: string
  port: number
  rtcpAddress?: string
  rtcpPort: number
  /** RTP and RTCP share a port (RFC 5761). */
  mux: boolean
  protocol: string
  /** Absent for RTP in the clear. */
  security?: RemoteSecurity
}

/** What narrows the choice of a codec. */
export interface CodecPolicy {
  /** Nothing else is taken, in this order of preference. */
  allowed?: readonly Codec[]
  /** What the endpoint to be joined speaks: the choice must be relayable to it. */
  peer?: readonly Codec[]
}

export const DEFAULT_PTIME = 20

/** @param carriage of the session, where that is settled */
export function isUsableAudio(
  session: SessionDescription,
  media: MediaDescription,
  carriage?: Carriage,
): boolean {
  if (media.kind !== 'audio' || media.port === 0) return false
  const found = carriageOf(session, media)
  return found !== undefined && (carriage ?? found) === found
}

const REVERSED: Record<Direction, Direction> = {
  sendrecv: 'sendrecv',
  sendonly: 'recvonly',
  recvonly: 'sendonly',
  inactive: 'inactive',
}

export function reverse(direction: Direction): Direction {
  return REVERSED[direction]
}

export function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly'
}

export function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly'
}

export function directionOf(send: boolean, receive: boolean): Direction {
  if (send) return receive ? 'sendrecv' : 'sendonly'
  return receive ? 'recvonly' : 'inactive'
}

/** What both of two directions allow. */
export function both(a: Direction, b: Direction): Direction {
  return directionOf(sends(a) && sends(b), receives(a) && receives(b))
}

/** The peer's direction; an unspecified address is the hold of old (RFC 3264 §8.4). */
export function remoteDirection(session: SessionDescription, media: MediaDescription): Direction {
  const written =
    (['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const).find(
      (each) => attribute(media, each) !== undefined,
    ) ??
    (['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const).find(
      (each) => attribute(session, each) !== undefined,
    ) ??
    'sendrecv'
  // By ICE the address says nothing: before paths are known it is unspecified by rule (RFC 8840 §4.1.1).
  if (carriageOf(session, media) === 'webrtc') return written
  const address = (media.connection ?? session.connection)?.address
  return address && isUnspecified(address) ? both(written, 'sendonly') : written
}

export function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

/** To be chosen by ICE. */
const ANYWHERE = { address: '0.0.0.0', port: 9, rtcpAddress: '0.0.0.0', rtcpPort: 9, mux: true }

/**
 * @throws MediaError `bad-sdp` without an address, `not-acceptable` for one of the other family, or for a way of
 *   WebRTC that is not ours
 */
export function remoteMedia(
  session: SessionDescription,
  media: MediaDescription,
  family: 4 | 6,
  muxOffered = true,
): RemoteMedia {
  if (carriageOf(session, media) === 'webrtc') {
    return { ...ANYWHERE, protocol: media.protocol, security: remoteSecurity(session, media) }
  }
  const connection = media.connection ?? session.connection
  if (!connection) throw new MediaError('bad-sdp', 'no c= line for the audio stream')
  const address = usable(connection.address, family)
  const mux = muxOffered && attribute(media, 'rtcp-mux') !== undefined
  const rtcp = mux ? undefined : parseRtcp(attribute(media, 'rtcp'))
  const rtcpAddress = rtcp?.address === undefined ? address : usable(rtcp.address, family)
  return {
    ...(address === undefined ? {} : { address }),
    port: media.port,
    ...(rtcpAddress === undefined ? {} : { rtcpAddress }),
    rtcpPort: mux ? media.port : (rtcp?.port ?? Math.min(65_535, media.port + 1)),
    mux,
    protocol: media.protocol,
  }
}

function usable(address: string, family: 4 | 6): string | undefined {
  const actual = isIP(address)
  if (actual === 0 || isUnspecified(address)) return undefined
  if (actual !== family)
    throw new MediaError('not-acceptable', `an IPv${actual} address on an IPv${family} engine`)
  return address
}

/** RFC 3605: `a=rtcp:<port> [IN IP4 <address>]`. */
function parseRtcp(value: string | undefined): { port: number; address?: string } | undefined {
  const match = /^(\d{1,5})(?:\s+IN\s+IP[46]\s+(\S+))?$/.exec(value ?? '')
  const port = Number(match?.[1])
  if (!match || port === 0 || port > 65535) return undefined
  return match[2] ? { port, address: match[2] } : { port }
}

export function remotePtime(media: MediaDescription): number {
  const ptime = Number(attribute(media, 'ptime'))
  return ptime >= 5 && ptime <= 200 ? ptime : DEFAULT_PTIME
}

/**
 * The one voice codec that an offer is answered with. One, so that the peer never sends what the joined side
 * cannot take. Without a joined side G.711 goes first, since only that can be played here.
 * @throws MediaError `not-acceptable`
 */
export function chooseVoice(offered: readonly NumberedCodec[], policy: CodecPolicy): NumberedCodec {
  const voices = offered.filter(isVoice)
  const { allowed, peer } = policy
  const candidates = allowed
    ? allowed.flatMap((codec) => voices.find((voice) => sameCodec(voice, codec)) ?? [])
    : voices
  const rank = (voice: NumberedCodec): number => {
    if (!peer) return allowed || lawOf(voice) ? 0 : 1
    if (peer.some((codec) => sameCodec(codec, voice))) return 0
    return peer.some((codec) => relation(codec, voice)) ? 1 : Infinity
  }
  let best: NumberedCodec | undefined
  for (const voice of candidates) {
    if (rank(voice) < (best ? rank(best) : Infinity)) best = voice
  }
  if (!best) throw new MediaError('not-acceptable', 'no codec that can be used')
  return best
}

/** Events beside a codec: of its clock rate, else of the classic 8000 Hz (RFC 4733 §2.1). */
export function chooseEvents(offered: readonly NumberedCodec[], voice: Codec): NumberedCodec[] {
  const events = offered.filter(isTelephoneEvent)
  const matching = events.filter((event) => event.clockRate === voice.clockRate)
  const classic = events.filter((event) => event.clockRate === 8000)
  return (matching.length > 0 ? matching : classic).slice(0, 1)
}

/** How the codecs of our offer are understood in the peer's answer. */
export function agreedCodecs(ours: readonly NumberedCodec[], media: MediaDescription): AgreedCodec[] {
  return codecsOf(media).flatMap((answered) => {
    const offered = ours.find((codec) => sameCodec(codec, answered))
    if (!offered) return []
    const receive = [...new Set([offered.payloadType, answered.payloadType])]
    return [{ codec: stripNumber(answered), send: answered.payloadType, receive }]
  })
}

export function stripNumber(codec: NumberedCodec): Codec {
  const { name, clockRate, channels, fmtp } = codec
  return { name, clockRate, channels, ...(fmtp ? { fmtp } : {}) }
}
