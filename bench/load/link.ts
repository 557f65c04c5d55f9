import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** UDP's estimate of a round trip (RFC 3261 §17.1.1.1), ms: what got no answer so long is sent again. */
const T1 = 500
const SWEEP_MS = 100
const MOST_TRIES = 7
/** Bursts of a run are to wait here, not to be lost; the kernel may give less. */
const BUFFER_BYTES = 8 * 2 ** 20

interface Outstanding {
  readonly message: Buffer
  dueAt: number
  tries: number
}

/** A UDP socket to one server, with what it sent and got no answer to yet. */
export class Link {
  resent = 0
  readonly #outstanding = new Map<number, Outstanding>()
  readonly #sweeper: NodeJS.Timeout

  private constructor(
    private readonly socket: Socket,
    readonly port: number,
    private readonly delayMs: number,
  ) {
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS)
  }

  /** `delayMs`: one way, of all that is sent and received. `hear` gets each message that the server sent. */
  static async open(
    server: { readonly host: string; readonly port: number },
    delayMs: number,
    hear: (text: string) => void,
  ): Promise<Link> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { port } = socket.address()
    // A connected socket has no address to look up for each datagram.
    socket.connect(server.port, server.host)
    await once(socket, 'connect')
    // ECONNREFUSED of a server that went away: its calls fail for want of an answer.
    socket.on('error', () => undefined)
    socket.on('message', (message) => {
      const text = message.toString('latin1')
      if (delayMs === 0) hear(text)
      else setTimeout(hear, delayMs, text)
    })
    return new Link(socket, port, delayMs)
  }

  /** What the server answers to under this key is sent again until it is `settled`. */
  ask(key: number, text: string): void {
    const message = Buffer.from(text, 'latin1')
    this.#outstanding.set(key, { message, dueAt: performance.now() + T1 + this.delayMs, tries: 1 })
    this.#send(message)
  }

  settle(key: number): void {
    this.#outstanding.delete(key)
  }

  say(text: string): void {
    this.#send(Buffer.from(text, 'latin1'))
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper)
    const closed = once(this.socket, 'close')
    this.socket.close()
    await closed
  }

  #send(message: Buffer): void {
    if (this.delayMs === 0) this.socket.send(message)
    else setTimeout(() => this.socket.send(message), this.delayMs)
  }

  #sweep(): void {
    const now = performance.now()
    for (const [key, one] of this.#outstanding) {
      if (one.dueAt > now) continue
      if (one.tries >= MOST_TRIES) {
        this.#outstanding.delete(key)
        continue
      }
      this.resent++
      one.dueAt = now + T1 * 2 ** one.tries
      one.tries++
      this.#send(one.message)
    }
  }
}
