/** The little of a session description that is looked at here; FreeSWITCH negotiates. */

export interface AudioStream {
  readonly port: number
  readonly protocol: string
  readonly formats: readonly string[]
  /** By payload type: `opus/48000/2`. */
  readonly codecs: ReadonlyMap<string, string>
  readonly direction: string
}

/** The numbers that need no rtpmap (RFC 3551 §6), as far as FreeSWITCH is likely to use them. */
const STATIC: Readonly<Record<string, string>> = {
  '0': 'PCMU/8000',
  '3': 'GSM/8000',
  '8': 'PCMA/8000',
  '9': 'G722/8000',
  '18': 'G729/8000',
}

/** The first audio stream that is not refused; undefined where there is none. */
export function audioOf(sdp: string): AudioStream | undefined {
  const [session = '', ...media] = sdp.split(/^(?=m=)/m)
  for (const section of media) {
    const [, kind, port = '0', protocol = '', formats = ''] =
      /^m=(\S+) (\d+)(?:\/\d+)? (\S+) ?(.*?)\r?$/m.exec(section) ?? []
    if (kind !== 'audio' || port === '0') continue
    const mapped = [...section.matchAll(/^a=rtpmap:(\d+) (\S+)/gm)].map(
      ([, number = '', codec = '']) => [number, codec] as const,
    )
    const numbers = formats.split(' ').filter((format) => format !== '')
    const codecs = new Map(mapped)
    for (const number of numbers) {
      const known = STATIC[number]
      if (!codecs.has(number) && known !== undefined) codecs.set(number, known)
    }
    const direction = directionIn(section) ?? directionIn(session) ?? 'sendrecv'
    return { port: Number(port), protocol, formats: numbers, codecs, direction }
  }
  return undefined
}

function directionIn(part: string): string | undefined {
  return /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(part)?.[1]
}

/** Voice codecs in their order, by upper-case name with clock rate: `OPUS/48000`. */
export function voicesOf(sdp: string): readonly string[] {
  const audio = audioOf(sdp)
  if (audio === undefined) return []
  return audio.formats
    .map((format) => audio.codecs.get(format)?.toUpperCase().split('/').slice(0, 2).join('/') ?? '')
    .filter((name) => name !== '' && !/^(TELEPHONE-EVENT|CN|RED|ULPFEC)\//.test(name))
}

/** The stream is keyed by DTLS (RFC 5763), so that nothing flows before the peer's handshake. */
export function usesDtls(sdp: string): boolean {
  return /^a=fingerprint:/m.test(sdp)
}

/**
 * Whether FreeSWITCH can be asked to serve it: there is audio, and where that is to be encrypted, there are keys, in
 * the SDP (RFC 4568) or by DTLS. FreeSWITCH itself takes an SRTP stream without keys for one in the clear.
 */
export function servable(sdp: string): boolean {
  const audio = audioOf(sdp)
  if (audio === undefined) return false
  return !audio.protocol.includes('SAVP') || usesDtls(sdp) || /^a=crypto:/m.test(sdp)
}

/** FreeSWITCH leaves `sendrecv` out, and there are phones that stay on hold until they read it. */
export function withDirection(sdp: string): string {
  return sdp
    .split(/^(?=m=)/m)
    .map((part) =>
      /^m=audio [1-9]/.test(part) && !directionIn(sdp) ? `${part.trimEnd()}\r\na=sendrecv\r\n` : part,
    )
    .join('')
}

/** Whether we, whose description it is, are to receive by it. */
export function receives(localSdp: string): boolean {
  const direction = audioOf(localSdp)?.direction
  return direction === 'sendrecv' || direction === 'recvonly'
}
