import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface Control {
  readonly host: string
  readonly port: number
  readonly secret: string
}

/**
 * Stands between a node and the control port of a SIP server, which hands the requests of each method to its apps in
 * turn: the node asks for a method in vain, and the server hands it all requests of that method to others.
 */
export class SteeredGateway {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(
    private readonly control: Control,
    private readonly withheld: string,
  ) {
    this.#server = createServer((app) => this.#join(app))
  }

  /** `withheld`: the method, in lower case, that a node gets no requests of. */
  static async open(control: Control, withheld: string): Promise<SteeredGateway> {
    const gateway = new SteeredGateway(control, withheld)
    gateway.#server.listen(0, '127.0.0.1')
    await once(gateway.#server, 'listening')
    return gateway
  }

  /** Where the node connects to. */
  get entry(): Control {
    const { port } = this.#server.address() as AddressInfo
    return { host: '127.0.0.1', port, secret: this.control.secret }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(app: Socket): void {
    const server = connect(this.control.port, this.control.host)
    for (const [from, to] of [
      [app, server],
      [server, app],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => to.destroy())
      from.once('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
    const asked = `route|${this.withheld}`
    // Another method of the same length, which nobody sends: the frame says how long it is.
    const instead = `route|${'x'.repeat(this.withheld.length)}`
    app.setEncoding('latin1').on('data', (text: string) => {
      server.write(text.replace(asked, instead), 'latin1')
    })
    server.on('data', (data) => app.write(data))
  }
}
