import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'
import type { PortPair } from './ports.js'
import type { Source } from './rtp/latch.js'

/** Whose packets a socket carries at present. */
export interface SocketUser {
  received(packet: Buffer, from: RemoteInfo): void
  /** A packet could not be sent. */
  failed(): void
}

/** A peer that sends frames goes on within this. */
const LONGEST_GAP_MS = 500

/** A bound UDP socket that serves one call after the other. */
export class MediaSocket {
  readonly #socket: Socket
  readonly #now: () => number
  #user: SocketUser | undefined
  /** When, in ms of the engine's clock, something came that nobody was there for. */
  strayedAt = -Infinity
  #strayedFrom: Source | undefined
  /** Since when it has been the same one, without a longer gap. */
  #strayedSince = -Infinity

  private constructor(socket: Socket, now: () => number) {
    this.#socket = socket
    this.#now = now
    socket.on('message', (packet, from) => this.#receive(packet, from))
    socket.on('error', () => this.#user?.failed())
  }

  /** @throws the system's error, `EADDRINUSE` where somebody else has the port; nothing stays open then */
  static async bind(host: string, port: number, now: () => number): Promise<MediaSocket> {
    const family = isIP(host) === 6 ? 6 : 4
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      // Addresses are always literal here: the resolver's detour through the next tick costs a packet's time.
      lookup: (address, _options, done) => done(null, address, family),
    })
    try {
      const listening = once(socket, 'listening')
      socket.bind({ port, address: host, exclusive: true })
      await listening
      return new MediaSocket(socket, now)
    } catch (error) {
      await closed(socket)
      throw error
    }
  }

  use(user: SocketUser): void {
    this.#user = user
  }

  /** What comes from now on is nobody's. */
  rest(): void {
    this.#user = undefined
  }

  send(packet: Uint8Array, port: number, address: string): void {
    try {
      this.#socket.send(packet, port, address, this.#sent)
    } catch {
      // A target that the system cannot even be asked to reach is counted like any other failure.
      this.#user?.failed()
    }
  }

  readonly #sent = (error: Error | null): void => {
    if (error) this.#user?.failed()
  }

  #receive(packet: Buffer, from: RemoteInfo): void {
    if (this.#user === undefined) this.#stray(from)
    // Port 0 cannot be answered, so it is no peer's.
    else if (from.port !== 0) this.#user.received(packet, from)
  }

  #stray({ address, port }: RemoteInfo): void {
    const now = this.#now()
    const { address: known, port: knownPort } = this.#strayedFrom ?? {}
    if (known !== address || knownPort !== port || now - this.strayedAt > LONGEST_GAP_MS) {
      this.#strayedFrom = { address, port }
      this.#strayedSince = now
    }
    this.strayedAt = now
  }

  /**
   * Who sent here while nobody was there, and did in the last so many ms, where that began before `until`: whoever began
   * later may have been asked to.
   */
  stray(withinMs: number, until: number): Source | undefined {
    const goesOn = this.strayedAt + withinMs > this.#now()
    return goesOn && this.#strayedSince < until ? this.#strayedFrom : undefined
  }

  /** Resolves when the port is free again. */
  close(): Promise<void> {
    this.#user = undefined
    return closed(this.#socket)
  }
}

/** The bound sockets of a port pair. */
export class PairSockets {
  readonly rtp: MediaSocket
  readonly rtcp: MediaSocket

  private constructor(rtp: MediaSocket, rtcp: MediaSocket) {
    this.rtp = rtp
    this.rtcp = rtcp
  }

  /** @param port of RTP @throws the system's error; nothing stays open then */
  static async bind(host: string, port: number, now: () => number): Promise<PairSockets> {
    const rtp = await MediaSocket.bind(host, port, now)
    try {
      return new PairSockets(rtp, await MediaSocket.bind(host, port + 1, now))
    } catch (error) {
      await rtp.close()
      throw error
    }
  }

  /** When something last came in that nobody was there for, in ms of the engine's clock. */
  get strayedAt(): number {
    return Math.max(this.rtp.strayedAt, this.rtcp.strayedAt)
  }

  /** What comes from now on is nobody's. */
  rest(): void {
    this.rtp.rest()
    this.rtcp.rest()
  }

  async close(): Promise<void> {
    await Promise.all([this.rtp.close(), this.rtcp.close()])
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()))
}

export interface BoundPair {
  readonly pair: PortPair
  readonly sockets: PairSockets
}
