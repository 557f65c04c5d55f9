import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** A stand-in for FreeSWITCH's event socket: it answers as told, or not at all. */
export class EventSocket {
  readonly commands: string[] = []
  profile = 'drachtio_mrf'
  /** Where the profile says that it takes SIP. */
  sip = '127.0.0.1:9'
  silent = false
  /** `fsctl pause`. */
  paused = false
  private readonly sockets = new Set<Socket>()
  private readonly waiting = new Set<() => void>()

  private constructor(
    readonly port: number,
    private readonly server: ReturnType<typeof createServer>,
  ) {
    server.on('connection', (socket) => this.serve(socket))
  }

  static async open(port = 0): Promise<EventSocket> {
    const server = createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new EventSocket((server.address() as AddressInfo).port, server)
  }

  /** Resolves when a command that holds this text has come `times` times. */
  async heard(text: string, times = 1): Promise<void> {
    while (this.commands.filter((command) => command.includes(text)).length < times) {
      await new Promise<void>((resolve) => this.waiting.add(resolve))
    }
  }

  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.server.close()
    this.dropConnections()
    await once(this.server, 'close')
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.write('Content-Type: auth/request\n\n')
    let text = ''
    socket.on('data', (data) => {
      text += data.toString()
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        this.answer(socket, text.slice(0, end))
        text = text.slice(end + 2)
      }
    })
  }

  private answer(socket: Socket, command: string): void {
    this.commands.push(command)
    for (const wake of [...this.waiting]) {
      this.waiting.delete(wake)
      wake()
    }
    if (this.silent) return
    if (command.startsWith('api ')) {
      const body = this.apiAnswer(command.slice(4))
      socket.write(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`)
    } else {
      const refused = command.startsWith('auth ') && command !== 'auth right'
      socket.write(
        `Content-Type: command/reply\nReply-Text: ${refused ? '-ERR invalid' : '+OK accepted'}\n\n`,
      )
      if (refused) socket.end()
    }
  }

  private apiAnswer(command: string): string {
    if (command === `sofia status profile ${this.profile}`) {
      return `Name ${this.profile}\nRTP-IP 127.0.0.1\nCODECS IN\tPCMU,PCMA\n`
    }
    if (command.startsWith('sofia status profile')) return 'Invalid Profile!\n'
    if (command === 'sofia status')
      return `  ${this.profile}\tprofile\tsip:mod_sofia@${this.sip}\tRUNNING (0)\n`
    if (command === 'status')
      return `FreeSWITCH is ${this.paused ? 'not ready' : 'ready'}\n0 session(s) - peak 0\n1000 session(s) max\n`
    return '-ERR no such command\n'
  }
}
