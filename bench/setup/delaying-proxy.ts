import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterExactly, type Address } from '../../src/demo/index.js'

/**
 * A slow link for TCP, with connections that stand already: what comes in on one side goes out on the other so much
 * later, in order. The handshake of a new connection is not delayed, nor are acknowledgements: it is for those that
 * are open, and on which both sides are idle.
 */
export class DelayingProxy {
  /** One way, ms; counts for what comes in from now on. */
  delayMs = 0
  readonly #sockets = new Set<Socket>()

  private constructor(
    private readonly server: Server,
    private readonly to: Address,
  ) {
    server.on('connection', (socket) => this.#join(socket))
  }

  /** On a free port of loopback. Rejects where there is none. */
  static async open(to: Address): Promise<DelayingProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new DelayingProxy(server, to)
  }

  get address(): Address {
    const address = this.server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed')
    return { host: address.address, port: address.port }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const closed = once(this.server, 'close')
    this.server.close()
    await closed
  }

  #join(near: Socket): void {
    const far = connect({ ...this.to, noDelay: true })
    near.setNoDelay(true)
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', (chunk) => this.#late(() => into.write(chunk)))
      // Whatever becomes of one side becomes of the other; 'close' follows an error.
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#sockets.delete(from)
        this.#late(() => into.destroy())
      })
    }
  }

  #late(effect: () => void): void {
    if (this.delayMs <= 0) effect()
    else afterExactly(this.delayMs, effect)
  }
}
