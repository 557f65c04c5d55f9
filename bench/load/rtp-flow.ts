import type { Socket } from 'node:dgram'

const FRAME_MS = 20
/** 20 ms of G.711 (RFC 3551 §4.5.14), behind a header of 12 bytes. */
const FRAME_BYTES = 160
const HEADER_BYTES = 12

interface Stream {
  readonly from: 'caller' | 'phone'
  readonly port: number
  readonly packet: Buffer
}

/** RTP of all calls that are up: one packet each way in 20 ms, on two sockets, counted. */
export class RtpFlow {
  sent = 0
  atCallers = 0
  atPhones = 0
  readonly #streams = new Map<string, Stream>()
  #sockets: { readonly caller: Socket; readonly phone: Socket } | undefined
  #ticker: NodeJS.Timeout | undefined

  constructor(private readonly flows: boolean) {}

  use(caller: Socket, phone: Socket): void {
    this.#sockets = { caller, phone }
  }

  begin(): void {
    this.sent = this.atCallers = this.atPhones = 0
    if (this.flows) this.#ticker = setInterval(() => this.#tick(), FRAME_MS)
  }

  end(): void {
    clearInterval(this.#ticker)
    this.#streams.clear()
  }

  /** `port`: of the server, where this side's packets go. */
  add(from: Stream['from'], call: number, port: number): void {
    if (!this.flows || port === 0) return
    const packet = Buffer.alloc(HEADER_BYTES + FRAME_BYTES, 0xff)
    // Version 2, payload type 0 (RFC 3550 §5.1).
    packet.writeUInt16BE(0x8000, 0)
    packet.writeUInt16BE(0, 2)
    packet.writeUInt32BE(0, 4)
    packet.writeUInt32BE(call * 2 + (from === 'caller' ? 1 : 2), 8)
    this.#streams.set(`${from}${call}`, { from, port, packet })
  }

  remove(call: number): void {
    this.#streams.delete(`caller${call}`)
    this.#streams.delete(`phone${call}`)
  }

  #tick(): void {
    const sockets = this.#sockets
    if (sockets === undefined) return
    for (const { from, port, packet } of this.#streams.values()) {
      packet.writeUInt16BE((packet.readUInt16BE(2) + 1) & 0xffff, 2)
      packet.writeUInt32BE((packet.readUInt32BE(4) + FRAME_BYTES) >>> 0, 4)
      sockets[from].send(packet, port, '127.0.0.1')
      this.sent++
    }
  }
}
