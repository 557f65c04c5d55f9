import { MediaError } from '../errors.js'
import type { CodecChoice } from '../types.js'
import { attributes, type MediaDescription } from './description.js'

export interface Codec {
  name: string
  /** Of the RTP timestamp, in Hz; G.722's is 8000 by an old mistake (RFC 3551 §4.5.2). */
  clockRate: number
  channels: number
  fmtp?: string
}

export interface NumberedCodec extends Codec {
  payloadType: number
}

export type Law = 'PCMU' | 'PCMA'

/** The numbers that need no rtpmap (RFC 3551 §6, table 4). */
const STATIC = new Map<number, Codec>(
  (
    [
      [0, 'PCMU', 8000, 1],
      [3, 'GSM', 8000, 1],
      [4, 'G723', 8000, 1],
      [5, 'DVI4', 8000, 1],
      [6, 'DVI4', 16000, 1],
      [7, 'LPC', 8000, 1],
      [8, 'PCMA', 8000, 1],
      [9, 'G722', 8000, 1],
      [10, 'L16', 44100, 2],
      [11, 'L16', 44100, 1],
      [12, 'QCELP', 8000, 1],
      [13, 'CN', 8000, 1],
      [15, 'G728', 8000, 1],
      [18, 'G729', 8000, 1],
    ] as const
  ).map(([number, name, clockRate, channels]) => [number, { name, clockRate, channels }]),
)

/** Codecs with dynamic numbers that a name alone is enough for. */
const NAMED: Codec[] = [
  { name: 'opus', clockRate: 48000, channels: 2 },
  { name: 'AMR', clockRate: 8000, channels: 1 },
  { name: 'AMR-WB', clockRate: 16000, channels: 1 },
  { name: 'iLBC', clockRate: 8000, channels: 1 },
  { name: 'speex', clockRate: 8000, channels: 1 },
]

export const PCMU: NumberedCodec = { name: 'PCMU', clockRate: 8000, channels: 1, payloadType: 0 }
export const PCMA: NumberedCodec = { name: 'PCMA', clockRate: 8000, channels: 1, payloadType: 8 }

/** Not a voice of its own, so never chosen as the codec of a stream. */
const HELPERS = new Set(['telephone-event', 'cn', 'red', 'ulpfec', 'flexfec'])

export function codecsOf(media: MediaDescription): NumberedCodec[] {
  const maps = byPayloadType(attributes(media, 'rtpmap'))
  const fmtps = byPayloadType(attributes(media, 'fmtp'))
  return media.formats.flatMap((format) => {
    const payloadType = Number(format)
    if (!/^\d{1,3}$/.test(format) || payloadType > 127) return []
    const map = maps.get(payloadType)
    const codec = map === undefined ? STATIC.get(payloadType) : parseRtpmap(map)
    if (!codec) return []
    const fmtp = fmtps.get(payloadType)
    return [{ ...codec, payloadType, ...(fmtp ? { fmtp } : {}) }]
  })
}

function byPayloadType(values: string[]): Map<number, string> {
  const found = new Map<number, string>()
  for (const value of values) {
    const match = /^(\d{1,3})\s+(.+)$/.exec(value)
    if (match?.[1] && match[2] && !found.has(Number(match[1]))) found.set(Number(match[1]), match[2])
  }
  return found
}

function parseRtpmap(map: string): Codec | undefined {
  const match = /^([\w.+-]+)\/(\d{1,6})(?:\/(\d{1,2}))?$/.exec(map.trim())
  if (!match?.[1]) return undefined
  return { name: match[1], clockRate: Number(match[2]), channels: Number(match[3] ?? 1) }
}

/** The two lines that describe a codec in an m= section. */
export function codecLines(codec: NumberedCodec): string[] {
  const channels = codec.channels === 1 ? '' : `/${codec.channels}`
  const lines = [`a=rtpmap:${codec.payloadType} ${codec.name}/${codec.clockRate}${channels}`]
  if (codec.fmtp) lines.push(`a=fmtp:${codec.payloadType} ${codec.fmtp}`)
  return lines
}

export function sameCodec(a: Codec, b: Codec): boolean {
  return (
    a.name.toLowerCase() === b.name.toLowerCase() &&
    a.clockRate === b.clockRate &&
    a.channels === b.channels &&
    samePacking(a, b)
  )
}

/** Parameters that change the bits on the wire, so that equal names are not enough (RFC 4867, RFC 3952). */
const PACKING: Record<string, { parameter: string; absent: string }> = {
  amr: { parameter: 'octet-align', absent: '0' },
  'amr-wb': { parameter: 'octet-align', absent: '0' },
  ilbc: { parameter: 'mode', absent: '30' },
}

function samePacking(a: Codec, b: Codec): boolean {
  const rule = PACKING[a.name.toLowerCase()]
  if (!rule) return true
  const read = (codec: Codec) => fmtpParameter(codec.fmtp ?? '', rule.parameter) ?? rule.absent
  return read(a) === read(b)
}

function fmtpParameter(fmtp: string, name: string): string | undefined {
  for (const part of fmtp.split(';')) {
    const [key, value] = part.split('=')
    if (key?.trim().toLowerCase() === name) return value?.trim() ?? ''
  }
  return undefined
}

export function isTelephoneEvent(codec: Codec): boolean {
  return codec.name.toLowerCase() === 'telephone-event'
}

export function isVoice(codec: Codec): boolean {
  return !HELPERS.has(codec.name.toLowerCase())
}

/** The G.711 law of a codec: what can be played and transcoded here. */
export function lawOf(codec: Codec): Law | undefined {
  if (codec.clockRate !== 8000 || codec.channels !== 1) return undefined
  const name = codec.name.toUpperCase()
  return name === 'PCMU' || name === 'PCMA' ? name : undefined
}

/** How what comes in as `from` can go out as `to`. */
export function relation(from: Codec, to: Codec): 'same' | 'transcode' | undefined {
  if (sameCodec(from, to)) return 'same'
  return lawOf(from) && lawOf(to) ? 'transcode' : undefined
}

/** @throws MediaError `bad-option` for a name that says too little */
export function resolveChoice(choice: CodecChoice): Codec & { payloadType?: number } {
  if (typeof choice !== 'string') return { channels: 1, ...choice }
  for (const [payloadType, codec] of STATIC) {
    if (codec.name.toLowerCase() === choice.toLowerCase()) return { ...codec, payloadType }
  }
  const named = NAMED.find((codec) => codec.name.toLowerCase() === choice.toLowerCase())
  const mapped = named ?? parseRtpmap(choice)
  if (!mapped) throw new MediaError('bad-option', `an unknown codec: ${choice}`)
  return mapped
}

export function codecName(codec: Codec): string {
  return `${codec.name}/${codec.clockRate}${codec.channels === 1 ? '' : `/${codec.channels}`}`
}
