import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
const HEAD_END = '\r\n\r\n'

/** Gets the body of each push; calls `answer` when the service has thought enough. */
export type OnPush = (path: string, body: string, answer: () => void) => void

/**
 * The push service: HTTP/1.1 POSTs on connections that are kept, as raw text. A framework would take more CPU for one
 * push than a fast server takes for its call.
 */
export class PushServer {
  readonly #sockets = new Set<Socket>()

  private constructor(private readonly server: Server) {}

  /** On a port of loopback. Rejects where it is taken. */
  static async open(port: number, onPush: OnPush): Promise<PushServer> {
    const server = createServer({ noDelay: true })
    const service = new PushServer(server)
    server.on('connection', (socket) => service.#take(socket, onPush))
    server.listen(port, '127.0.0.1', 4096)
    await once(server, 'listening')
    return service
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close')
    this.server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #take(socket: Socket, onPush: OnPush): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    // A client that goes away is no fault of a run: its call fails for want of an answer.
    socket.on('error', () => socket.destroy())
    let rest = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      rest = readPushes(rest + chunk, (path, body) => onPush(path, body, () => void socket.write(ANSWER)))
    })
  }
}

/** Hands over each request that is there as a whole; returns what is left. */
export function readPushes(text: string, take: (path: string, body: string) => void): string {
  let at = 0
  for (;;) {
    const head = text.indexOf(HEAD_END, at)
    if (head < 0) return text.slice(at)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(at, head + 2))?.[1] ?? 0)
    const end = head + HEAD_END.length + length
    if (text.length < end) return text.slice(at)
    const from = text.indexOf(' ', at) + 1
    take(text.slice(from, text.indexOf(' ', from)), text.slice(head + HEAD_END.length, end))
    at = end
  }
}
