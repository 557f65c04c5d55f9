import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Address } from '../../../src/demo/sip/uri.js'
import type { Sender } from './hostile.js'

/** A TCP connection that bytes are thrown at; what comes back is left unread, but taken. */
export class Stream implements Sender {
  readonly protocol = 'tcp'
  readonly #closed: Promise<void>

  private constructor(private readonly socket: Socket) {
    // A server closes where framing is lost, at times with a reset: that is its right.
    socket.on('error', () => undefined)
    socket.resume()
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()))
  }

  /** Rejects where the connection is refused. */
  static async open({ host, port }: Address): Promise<Stream> {
    const socket = connect({ host, port, noDelay: true })
    await once(socket, 'connect')
    return new Stream(socket)
  }

  get local(): Address {
    return { host: this.socket.localAddress ?? '', port: this.socket.localPort ?? 0 }
  }

  get over(): boolean {
    return this.socket.destroyed || !this.socket.writable
  }

  /** In pieces that begin at the cuts, each on its way before the next. */
  async send(bytes: Buffer, cuts: readonly number[] = []): Promise<void> {
    const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
    for (const [index, start] of edges.slice(0, -1).entries()) {
      const piece = bytes.subarray(start, edges[index + 1])
      if (this.over) return
      await new Promise<void>((resolve) => this.socket.write(piece, () => resolve()))
    }
  }

  async close(): Promise<void> {
    this.socket.destroy()
    await this.#closed
  }
}
