import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { EventEmitter, once } from 'node:events'
import { parseDescription } from '../../../../src/embedded/media/sdp/description.js'

export interface Rtp {
  payloadType: number
  marker: boolean
  sequence: number
  timestamp: number
  ssrc: number
  payload: Buffer
  from: RemoteInfo
}

export interface Outgoing {
  payloadType?: number
  sequence: number
  timestamp: number
  ssrc?: number
  marker?: boolean
  payload?: Uint8Array
}

export function encodeRtp(packet: Outgoing): Buffer {
  const payload = packet.payload ?? Buffer.alloc(160, 0x20)
  const bytes = Buffer.alloc(12 + payload.length)
  bytes[0] = 0x80
  bytes[1] = (packet.marker ? 0x80 : 0) | (packet.payloadType ?? 0)
  bytes.writeUInt16BE(packet.sequence & 0xffff, 2)
  bytes.writeUInt32BE(packet.timestamp >>> 0, 4)
  bytes.writeUInt32BE(packet.ssrc ?? 0x1111, 8)
  bytes.set(payload, 12)
  return bytes
}

export function decodeRtp(bytes: Buffer, from: RemoteInfo): Rtp {
  return {
    payloadType: bytes[1]! & 0x7f,
    marker: (bytes[1]! & 0x80) !== 0,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    payload: bytes.subarray(12),
    from,
  }
}

/** An RTP phone on real sockets: says what it is told to say, and keeps what it hears. */
export class RtpPeer extends EventEmitter<{ rtp: [Rtp]; rtcp: [Buffer] }> {
  readonly heard: Rtp[] = []
  readonly reports: Buffer[] = []
  readonly #rtp: Socket
  readonly #rtcp: Socket
  #target: { port: number; rtcpPort: number; address: string } | undefined

  private constructor(rtp: Socket, rtcp: Socket) {
    super()
    this.#rtp = rtp
    this.#rtcp = rtcp
    rtp.on('message', (bytes, from) => {
      const packet = decodeRtp(bytes, from)
      this.heard.push(packet)
      this.emit('rtp', packet)
    })
    rtcp.on('message', (bytes) => {
      this.reports.push(bytes)
      this.emit('rtcp', bytes)
    })
  }

  static async open(host = '127.0.0.1'): Promise<RtpPeer> {
    const [rtp, rtcp] = await Promise.all([socket(host), socket(host)])
    return new RtpPeer(rtp, rtcp)
  }

  get port(): number {
    return this.#rtp.address().port
  }

  get rtcpPort(): number {
    return this.#rtcp.address().port
  }

  /** A description of this phone. */
  sdp(options: SdpOptions = {}): string {
    const address = options.address ?? this.#rtp.address().address
    return sdp({ ...options, address, port: options.port ?? this.port, rtcpPort: this.rtcpPort })
  }

  /** Sends go to where a description says. */
  aim(description: string): void {
    const session = parseDescription(description)
    const audio = session.media.find((media) => media.kind === 'audio')!
    const address = (audio.connection ?? session.connection)!.address
    this.#target = { port: audio.port, rtcpPort: audio.port + 1, address }
  }

  say(packet: Outgoing): void {
    this.sendRaw(encodeRtp(packet))
  }

  sendRaw(bytes: Buffer): void {
    this.#rtp.send(bytes, this.#target!.port, this.#target!.address)
  }

  sendRtcp(bytes: Uint8Array): void {
    this.#rtcp.send(bytes, this.#target!.rtcpPort, this.#target!.address)
  }

  /** Resolves when `count` packets that fit have been heard since the peer opened. */
  async hears(count: number, fits: (packet: Rtp) => boolean = () => true): Promise<Rtp[]> {
    for (;;) {
      const found = this.heard.filter(fits)
      if (found.length >= count) return found
      await once(this, 'rtp')
    }
  }

  async hearsReport(): Promise<Buffer> {
    while (this.reports.length === 0) await once(this, 'rtcp')
    return this.reports.shift()!
  }

  async close(): Promise<void> {
    await Promise.all(
      [this.#rtp, this.#rtcp].map((each) => new Promise<void>((done) => each.close(() => done()))),
    )
  }
}

async function socket(host: string): Promise<Socket> {
  const made = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  made.bind(0, host)
  await once(made, 'listening')
  return made
}

export interface SdpOptions {
  address?: string
  port?: number
  rtcpPort?: number
  /** As in `0`, `8`, `96 opus/48000/2`, with further lines as they are. */
  codecs?: string[]
  direction?: string
  protocol?: string
  lines?: string[]
  /** Whole m= sections after the audio. */
  more?: string[]
  version?: number
}

export function sdp(options: SdpOptions = {}): string {
  const { address = '192.0.2.1', port = 4000, codecs = ['0'], protocol = 'RTP/AVP' } = options
  const type = address.includes(':') ? 'IP6' : 'IP4'
  const numbers = codecs.map((codec) => codec.split(' ')[0]).join(' ')
  const maps = codecs.filter((codec) => codec.includes(' ')).map((codec) => `a=rtpmap:${codec}`)
  return [
    'v=0',
    `o=peer 1 ${options.version ?? 1} IN ${type} ${address}`,
    's=-',
    `c=IN ${type} ${address}`,
    't=0 0',
    `m=audio ${port} ${protocol} ${numbers}`,
    ...maps,
    ...(options.rtcpPort === undefined ? [] : [`a=rtcp:${options.rtcpPort}`]),
    ...(options.direction === undefined ? [] : [`a=${options.direction}`]),
    ...(options.lines ?? []),
    ...(options.more ?? []),
    '',
  ].join('\r\n')
}
