import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Text } from './text.js'

/** How long a peer waits for a message before the test fails. Bounds failures only; no test waits this long. */
const PATIENCE = 5_000

/** Messages received and not yet looked at, in order. */
export abstract class Inbox {
  private readonly unread: Text[] = []
  private readonly waiting: { wanted: (text: Text) => boolean; got: (text: Text) => void }[] = []
  /** What was handed out: a copy of it is a retransmission, byte for byte the same. */
  private readonly seen = new Set<string>()
  readonly all: Text[] = []

  protected arrived(raw: string): void {
    const text = new Text(raw)
    this.all.push(text)
    const at = this.waiting.findIndex(({ wanted }) => wanted(text))
    if (at < 0) this.unread.push(text)
    else this.waiting.splice(at, 1)[0]?.got(text)
  }

  /** The next new message that is wanted; those before it stay for others. Retransmissions are passed over. */
  async next(wanted: (text: Text) => boolean, what = 'a message'): Promise<Text> {
    const text = await this.take((one) => wanted(one) && !this.seen.has(one.raw), what)
    this.seen.add(text.raw)
    return text
  }

  /** The next retransmission of that message. */
  again(text: Text): Promise<Text> {
    return this.take((one) => one.raw === text.raw, `copy of ${text.startLine}`)
  }

  request(method: string): Promise<Text> {
    return this.next((text) => text.method === method, method)
  }

  /** The next response of that status, to a request of that method if it is given. */
  status(status: number, method = ''): Promise<Text> {
    return this.next((text) => text.status === status && text.cseq.endsWith(method), `${status} ${method}`)
  }

  final(method: string): Promise<Text> {
    return this.next(
      (text) => text.status >= 200 && text.cseq.endsWith(method),
      `final response to ${method}`,
    )
  }

  private take(wanted: (text: Text) => boolean, what: string): Promise<Text> {
    const at = this.unread.findIndex(wanted)
    const found = at < 0 ? undefined : this.unread.splice(at, 1)[0]
    if (found) return Promise.resolve(found)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seen = this.all.map((text) => text.startLine).join(' | ')
        reject(new Error(`no ${what} arrived; seen: ${seen}`))
      }, PATIENCE)
      this.waiting.push({
        wanted,
        got: (text) => {
          clearTimeout(timer)
          resolve(text)
        },
      })
    })
  }

  count(wanted: (text: Text) => boolean): number {
    return this.all.filter(wanted).length
  }
}

export class UdpPeer extends Inbox {
  private constructor(
    private readonly socket: UdpSocket,
    private readonly server: { host: string; port: number },
  ) {
    super()
    socket.on('message', (bytes) => this.arrived(bytes.toString('utf8')))
  }

  static async open(server: { host: string; port: number }): Promise<UdpPeer> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new UdpPeer(socket, server)
  }

  readonly protocol = 'udp'

  get port(): number {
    return this.socket.address().port
  }

  send(message: string | Buffer): void {
    this.socket.send(message, this.server.port, this.server.host)
  }

  close(): void {
    this.socket.close()
  }
}

export class TcpPeer extends Inbox {
  private pending = ''
  closed = false
  readonly protocol: 'tcp' | 'tls' = 'tcp'
  pongs = 0

  constructor(readonly socket: Socket) {
    super()
    socket.setNoDelay(true)
    socket.on('error', () => (this.closed = true))
    socket.on('close', () => (this.closed = true))
    socket.on('data', (chunk) => this.received(chunk.toString('utf8')))
  }

  static async open(server: { host: string; port: number }): Promise<TcpPeer> {
    const socket = connect(server.port, server.host)
    await once(socket, 'connect')
    return new TcpPeer(socket)
  }

  /** Waits for somebody to connect to a port of this peer. */
  static async listen(): Promise<{ port: number; accepted: Promise<TcpPeer>; close(): void }> {
    const listener = createServer()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const accepted = once(listener, 'connection').then(([socket]) => new TcpPeer(socket as Socket))
    const address = listener.address()
    return {
      port: typeof address === 'object' && address ? address.port : 0,
      accepted,
      close: () => listener.close(),
    }
  }

  get port(): number {
    return this.socket.localPort ?? 0
  }

  send(message: string | Buffer): void {
    this.socket.write(message)
  }

  close(): void {
    this.socket.destroy()
  }

  private received(chunk: string): void {
    this.pending += chunk
    for (;;) {
      while (this.pending.startsWith('\r\n')) {
        this.pongs++
        this.pending = this.pending.slice(2)
      }
      const headEnd = this.pending.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const length = Number(/content-length:\s*([0-9]+)/i.exec(this.pending.slice(0, headEnd))?.[1] ?? 0)
      const end = headEnd + 4 + length
      if (this.pending.length < end) return
      this.arrived(this.pending.slice(0, end))
      this.pending = this.pending.slice(end)
    }
  }
}

/** Anything that a server of the tests talks to. */
export type Peer = Inbox & {
  readonly protocol: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
  readonly port: number
  send(message: string | Buffer): void
  close(): void
}
