import type { Address } from './uri.js'

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

export interface Codec {
  readonly name: string
  readonly payloadType: number
  readonly clockRate: number
  readonly fmtp?: string
}

/** What the players can name in SDP; only PCMU and PCMA carry sound, the others carry a pattern. */
export const knownCodecs = {
  PCMU: { name: 'PCMU', payloadType: 0, clockRate: 8000 },
  PCMA: { name: 'PCMA', payloadType: 8, clockRate: 8000 },
  G722: { name: 'G722', payloadType: 9, clockRate: 8000 },
  G729: { name: 'G729', payloadType: 18, clockRate: 8000, fmtp: 'annexb=no' },
  opus: { name: 'opus', payloadType: 111, clockRate: 48000, fmtp: 'useinbandfec=1' },
  'telephone-event': { name: 'telephone-event', payloadType: 101, clockRate: 8000, fmtp: '0-16' },
} as const satisfies Readonly<Record<string, Codec>>

export type CodecName = keyof typeof knownCodecs

/** A session with its first audio stream; the players make and know no other kind. */
export interface Sdp {
  readonly remote: Address
  readonly codecs: readonly Codec[]
  readonly direction: Direction
  readonly sessionId: string
  readonly version: number
  /** The m-lines in order, to answer each (RFC 3264 §6). */
  readonly lines: readonly string[]
}

const staticCodecs = new Map<number, Codec>(
  Object.values(knownCodecs)
    .filter((codec) => codec.payloadType < 96)
    .map((codec) => [codec.payloadType, codec]),
)

/** Undefined where there is no audio line that could be used. */
export function parseSdp(text: string): Sdp | undefined {
  const lines = text.split(/\r?\n/)
  const media = lines.filter((line) => line.startsWith('m='))
  const start = lines.findIndex((line) => line.startsWith('m=audio '))
  if (start < 0) return undefined
  const [, port, , ...formats] = (lines[start] ?? '').split(' ')
  const after = lines.slice(start + 1)
  const end = after.findIndex((line) => line.startsWith('m='))
  const section = end < 0 ? after : after.slice(0, end)
  const session = lines.slice(
    0,
    lines.findIndex((line) => line.startsWith('m=')),
  )
  const connection = [...section, ...session].find((line) => line.startsWith('c='))
  const [, id = '0', version = '0'] = (session.find((line) => line.startsWith('o=')) ?? '').split(' ')
  return {
    remote: { host: connection?.split(' ')[2] ?? '0.0.0.0', port: Number(port ?? 0) },
    codecs: formats.map((format) => codecOf(Number(format), section)).filter((c) => c !== undefined),
    direction: directionOf(section) ?? directionOf(session) ?? 'sendrecv',
    sessionId: id,
    version: Number(version),
    lines: media,
  }
}

function codecOf(payloadType: number, section: readonly string[]): Codec | undefined {
  const map = section.find((line) => line.startsWith(`a=rtpmap:${payloadType} `))
  const fmtp = section
    .find((line) => line.startsWith(`a=fmtp:${payloadType} `))
    ?.split(' ')
    .slice(1)
    .join(' ')
  if (map === undefined) return staticCodecs.get(payloadType)
  const [name = '', clockRate = '8000'] = (map.split(' ')[1] ?? '').split('/')
  return { name, payloadType, clockRate: Number(clockRate), ...(fmtp === undefined ? {} : { fmtp }) }
}

function directionOf(lines: readonly string[]): Direction | undefined {
  const found = lines.find((line) => /^a=(sendrecv|sendonly|recvonly|inactive)$/.test(line))
  return found?.slice(2) as Direction | undefined
}

export interface SdpParts {
  readonly local: Address
  readonly codecs: readonly Codec[]
  readonly direction: Direction
  readonly sessionId: string
  readonly version: number
  /** Of an offer that is answered: lines that are not our audio are refused in their place. */
  readonly offeredLines?: readonly string[]
}

export function writeSdp(parts: SdpParts): string {
  const { local, codecs, direction, sessionId, version } = parts
  const family = local.host.includes(':') ? 'IP6' : 'IP4'
  const audio = [
    `m=audio ${local.port} RTP/AVP ${codecs.map((c) => c.payloadType).join(' ')}`,
    ...codecs.map(
      (c) => `a=rtpmap:${c.payloadType} ${c.name}/${c.clockRate}${c.name === 'opus' ? '/2' : ''}`,
    ),
    ...codecs.flatMap((c) => (c.fmtp === undefined ? [] : [`a=fmtp:${c.payloadType} ${c.fmtp}`])),
    'a=ptime:20',
    `a=${direction}`,
  ]
  const offered = parts.offeredLines ?? ['m=audio']
  const first = offered.findIndex((line) => line.startsWith('m=audio'))
  const media = offered.flatMap((line, i) => (i === first ? audio : [refused(line)]))
  const session = [
    'v=0',
    `o=- ${sessionId} ${version} IN ${family} ${local.host}`,
    's=-',
    `c=IN ${family} ${local.host}`,
    't=0 0',
  ]
  return [...session, ...media, ''].join('\r\n')
}

/** RFC 3264 §6: port zero, and a format must still stand there. */
function refused(line: string): string {
  const [kind = 'm=audio', , profile = 'RTP/AVP', format = '0'] = line.split(' ')
  return `${kind} 0 ${profile} ${format}`
}

/** What the answerer says to an offered direction, when it wants `wanted` itself (RFC 3264 §6.1). */
export function answerDirection(offered: Direction, wanted: Direction): Direction {
  const send = offered !== 'sendonly' && offered !== 'inactive' && sends(wanted)
  const receive = offered !== 'recvonly' && offered !== 'inactive' && receives(wanted)
  if (send) return receive ? 'sendrecv' : 'sendonly'
  return receive ? 'recvonly' : 'inactive'
}

export function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly'
}

export function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly'
}
