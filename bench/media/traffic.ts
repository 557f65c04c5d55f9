import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { Measurements, type Figures } from './measurements.js'
import type { RelayedCall } from './relay.js'

const FRAME_MS = 20
/** Calls are spread over the frame's time by as many instants. */
const PHASES = 20
const FRAME_BYTES = 160
const HEADER_BYTES = 12
/** In the payload: the stream that a packet is of, and when it was sent, ns; samples of a voice for all that a relay knows. */
const STREAM_AT = HEADER_BYTES
const TIME_AT = STREAM_AT + 4

interface Stream {
  readonly from: Socket
  readonly to: number
  readonly packet: Buffer
}

/**
 * Both sides of many calls: a packet of G.711 each way in 20 ms, from one socket a side, whose time on the way and whose
 * jitter are taken where they come in.
 */
export class Traffic {
  #streams: Stream[][] = []
  #measurements = new Measurements(0)
  #runs = 0

  private constructor(
    private readonly a: Socket,
    private readonly b: Socket,
  ) {
    for (const socket of [a, b]) socket.on('message', (packet) => this.#receive(packet))
  }

  static async open(): Promise<Traffic> {
    const [a, b] = await Promise.all([openSocket(), openSocket()])
    return new Traffic(a, b)
  }

  get sides(): RelayedCall {
    return { a: this.a.address().port, b: this.b.address().port }
  }

  /** Streams of their own each time. @param calls where each side's packets go */
  async run(calls: readonly RelayedCall[], seconds: number): Promise<Figures> {
    const streams = calls.flatMap(({ a, b }) => [
      { from: this.a, to: a },
      { from: this.b, to: b },
    ])
    this.#runs += 1
    this.#measurements = new Measurements(streams.length)
    this.#streams = Array.from({ length: PHASES }, () => [])
    streams.forEach((stream, n) => {
      this.#streams[Math.floor(n / 2) % PHASES]?.push({ ...stream, packet: packetOf(n, this.#runs) })
    })
    return this.#measurements.figures(await this.#send(seconds))
  }

  /** Late, it sends what was due meanwhile. Resolves to how many, a while after the last one. */
  #send(seconds: number): Promise<number> {
    const steps = Math.round((seconds * 1000) / (FRAME_MS / PHASES))
    const begun = performance.now()
    let done = 0
    let sent = 0
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        const due = Math.min(steps, Math.floor((performance.now() - begun) / (FRAME_MS / PHASES)))
        for (; done < due; done++)
          for (const stream of this.#streams[done % PHASES] ?? []) sent += sendOne(stream)
        if (done < steps) return
        clearInterval(timer)
        setTimeout(() => resolve(sent), 200)
      }, FRAME_MS / PHASES)
    })
  }

  #receive(packet: Buffer): void {
    const now = Number(process.hrtime.bigint())
    if (packet.length < TIME_AT + 8) return
    this.#measurements.take(packet.readUInt32BE(STREAM_AT), now, packet.readDoubleBE(TIME_AT))
  }

  close(): void {
    this.a.close()
    this.b.close()
  }
}

function packetOf(stream: number, run: number): Buffer {
  const packet = Buffer.alloc(HEADER_BYTES + FRAME_BYTES, 0x55)
  // Version 2, payload type 0 (RFC 3550 §5.1).
  packet.writeUInt32BE(0x80000000, 0)
  packet.writeUInt32BE(0, 4)
  packet.writeUInt32BE(run * 0x10000 + stream, 8)
  packet.writeUInt32BE(stream, STREAM_AT)
  return packet
}

function sendOne({ from, to, packet }: Stream): number {
  packet.writeUInt16BE((packet.readUInt16BE(2) + 1) & 0xffff, 2)
  packet.writeUInt32BE((packet.readUInt32BE(4) + FRAME_BYTES) >>> 0, 4)
  packet.writeDoubleBE(Number(process.hrtime.bigint()), TIME_AT)
  from.send(packet, to, '127.0.0.1')
  return 1
}

async function openSocket(): Promise<Socket> {
  const lookup = (
    address: string,
    _: unknown,
    done: (error: null, address: string, family: number) => void,
  ): void => done(null, address, 4)
  const socket = createSocket({ type: 'udp4', lookup, recvBufferSize: 4 << 20, sendBufferSize: 1 << 20 })
  const listening = once(socket, 'listening')
  socket.bind(0, '127.0.0.1')
  await listening
  return socket
}
