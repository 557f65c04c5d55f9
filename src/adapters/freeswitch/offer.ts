import type { MediaTransport } from '../../ports/media.js'
import { audioOf, voicesOf } from './sdp.js'

/**
 * Our own offers. FreeSWITCH answers an INVITE and makes no offer that could wait for the peer's answer: an INVITE
 * without SDP wants that answer within 32 s. So it is sent a made-up offer, its answer tells its address and keys, and
 * of these our offer is made. The peer's answer follows as a re-INVITE.
 */
interface Codec {
  readonly number: string
  readonly map: string
  readonly fmtp?: string
}

/** By FreeSWITCH's name for it. Numbers from 96 are ours to choose (RFC 3551 §3). */
const CODECS: Readonly<Record<string, Codec>> = {
  PCMU: { number: '0', map: 'PCMU/8000' },
  PCMA: { number: '8', map: 'PCMA/8000' },
  G722: { number: '9', map: 'G722/8000' },
  G729: { number: '18', map: 'G729/8000', fmtp: 'annexb=no' },
  GSM: { number: '3', map: 'GSM/8000' },
  OPUS: { number: '102', map: 'opus/48000/2', fmtp: 'useinbandfec=1' },
}
/** RFC 4733: the keypad, in the clock rates of the voices. */
const EVENTS: Codec = { number: '101', map: 'telephone-event/8000', fmtp: '0-15' }
const WIDE_EVENTS: Codec = { number: '103', map: 'telephone-event/48000', fmtp: '0-15' }

/** Of the names that a profile of FreeSWITCH lists (`PCMU,PCMA,OPUS@48000h`), those that can be described here. */
export function knownCodecs(preferences: string): readonly string[] {
  const names = preferences
    .split(',')
    .map((each) => each.trim().split('@')[0]?.toUpperCase() ?? '')
    .filter((name) => CODECS[name] !== undefined)
  return names.length > 0 ? [...new Set(names)] : ['PCMU', 'PCMA']
}

/** The discard port: nobody is there until the peer has answered. */
const NOBODY = 9
/** Never used: the peer's own replaces it before anything is encrypted. */
const FINGERPRINT = Array.from({ length: 32 }, () => '00').join(':')
const CRYPTO = 'AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

const PROTOCOLS: Readonly<Record<MediaTransport, string>> = {
  rtp: 'RTP/AVP',
  srtp: 'RTP/SAVP',
  webrtc: 'UDP/TLS/RTP/SAVPF',
}

/** What FreeSWITCH is asked to answer, so that its answer can become our offer. */
export function madeUpOffer(names: readonly string[], transport: MediaTransport): string {
  const codecs = listed(names)
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${NOBODY} ${PROTOCOLS[transport]} ${codecs.map(({ number }) => number).join(' ')}`,
    ...codecs.flatMap(codecLines),
    ...keysOf(transport),
    'a=sendrecv',
    '',
  ].join('\r\n')
}

/** `setup:active` makes FreeSWITCH the DTLS server, which it can be before it knows who the client will be. */
function keysOf(transport: MediaTransport): readonly string[] {
  switch (transport) {
    case 'rtp':
      return []
    case 'srtp':
      return [`a=crypto:1 ${CRYPTO}`]
    case 'webrtc':
      return [
        'a=rtcp-mux',
        'a=setup:active',
        `a=fingerprint:sha-256 ${FINGERPRINT}`,
        'a=ice-ufrag:none',
        'a=ice-pwd:nobodyhasansweredyet0000',
        `a=candidate:1 1 udp 1 127.0.0.1 ${NOBODY} typ host`,
      ]
    default:
      return transport satisfies never
  }
}

/**
 * FreeSWITCH's answer to the made-up offer, made into an offer: with every codec of the server instead of the one
 * that it chose, those of `like` (voices of the other side) first.
 */
export function offerOf(answer: string, names: readonly string[], like: readonly string[]): string {
  const codecs = listed(preferred(names, like))
  const lines = answer.split(/\r?\n/).filter((line) => !/^a=(rtpmap|fmtp|sendrecv|maxptime)\b/.test(line))
  return lines
    .flatMap((line) => {
      const [, head] = /^(m=audio \d+ \S+) /.exec(line) ?? []
      if (head === undefined) return [line.replace(/^a=setup:.*/, 'a=setup:actpass')]
      return [`${head} ${codecs.map(({ number }) => number).join(' ')}`, ...codecs.flatMap(codecLines)]
    })
    .join('\r\n')
}

/** A whole offer of FreeSWITCH with the codecs of `like` first. */
export function reordered(offer: string, like: readonly string[]): string {
  const audio = audioOf(offer)
  if (audio === undefined) return offer
  const rank = (format: string): number => {
    const at = like.indexOf(voicesOf(onlyFormat(offer, format))[0] ?? '')
    return at < 0 ? like.length : at
  }
  const formats = [...audio.formats].sort((a, b) => rank(a) - rank(b))
  return offer.replace(/^(m=audio \d+ \S+) .*?(\r?)$/m, `$1 ${formats.join(' ')}$2`)
}

function onlyFormat(sdp: string, format: string): string {
  return sdp.replace(/^(m=audio \d+ \S+) .*?(\r?)$/m, `$1 ${format}$2`)
}

function preferred(names: readonly string[], like: readonly string[]): readonly string[] {
  const rank = (name: string): number => {
    const voice = CODECS[name]?.map.toUpperCase().split('/').slice(0, 2).join('/') ?? ''
    const at = like.indexOf(voice)
    return at < 0 ? like.length : at
  }
  return [...names].sort((a, b) => rank(a) - rank(b))
}

function listed(names: readonly string[]): readonly Codec[] {
  const voices = names.flatMap((name) => CODECS[name] ?? [])
  return [...voices, EVENTS, ...(names.includes('OPUS') ? [WIDE_EVENTS] : [])]
}

function codecLines({ number, map, fmtp }: Codec): readonly string[] {
  return [`a=rtpmap:${number} ${map}`, ...(fmtp === undefined ? [] : [`a=fmtp:${number} ${fmtp}`])]
}
