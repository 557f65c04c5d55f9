import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { respond } from './messages.js'
import { calledOf, headerOf, methodOf, statusOf } from './scan.js'

const BUFFER_BYTES = 8 * 2 ** 20

/**
 * What the protocol of a wake call needs, and nothing else: it pushes, takes the REGISTER and relays. No transaction,
 * no authentication, no timer. What the generator reaches against it is the generator's ceiling.
 */
export class MinimalServer {
  /** INVITEs that wait for their phone, by number. */
  readonly #waiting = new Map<number, string>()
  /** Ports of the phones that are awake. */
  readonly #awake = new Map<number, number>()

  private constructor(
    private readonly socket: UdpSocket,
    private readonly pushers: readonly Socket[],
    /** Of ours, on top of what is relayed: it brings the response back. */
    private readonly via: string,
    private readonly port: number,
  ) {
    socket.on('message', (message, from) => this.#take(message.toString('latin1'), from.port))
  }

  /** `pushPorts`: of the push service of each process of the generator; they listen already. */
  static async open(port: number, pushPorts: readonly number[]): Promise<MinimalServer> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES })
    socket.bind(port, '127.0.0.1')
    await once(socket, 'listening')
    const pushers = pushPorts.map((to) => {
      const pusher = connect({ port: to, host: '127.0.0.1', noDelay: true })
      // The generator may be gone first.
      pusher.on('error', () => pusher.destroy())
      // Its answers are not waited for.
      return pusher.resume()
    })
    return new MinimalServer(socket, pushers, `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKm\r\n`, port)
  }

  async close(): Promise<void> {
    for (const pusher of this.pushers) pusher.destroy()
    const closed = once(this.socket, 'close')
    this.socket.close()
    await closed
  }

  #take(text: string, from: number): void {
    if (statusOf(text) > 0) return this.#back(text)
    switch (methodOf(text)) {
      case 'INVITE':
        return this.#invited(text, from)
      case 'REGISTER':
        return this.#registered(text, from)
      case 'CANCEL':
        return this.#cancelled(text, from)
      case 'ACK':
      case 'BYE': {
        const to = portIn(text.slice(0, text.indexOf('\r\n')))
        // The ACK of a refusal ends here.
        return to === this.port ? undefined : this.#onward(text, to)
      }
    }
  }

  #invited(text: string, caller: number): void {
    const called = calledOf(text)
    this.#send(respond(text, '180 Ringing', 'm'), caller)
    const phone = this.#awake.get(called)
    if (phone !== undefined) return this.#onward(text, phone)
    if (this.#waiting.has(called)) return
    this.#waiting.set(called, text)
    const body = '{"token":"minimal"}'
    const head = `POST /push/${called} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n`
    this.pushers[Math.floor(called / 1_000_000) - 1]?.write(head + body)
  }

  #cancelled(text: string, caller: number): void {
    const called = calledOf(text)
    const invite = this.#waiting.get(called)
    this.#send(respond(text, '200 OK', 'm'), caller)
    if (invite === undefined) return
    this.#waiting.delete(called)
    this.#send(respond(invite, '487 Request Terminated', 'm'), caller)
  }

  #registered(text: string, phone: number): void {
    this.#send(respond(text, '200 OK', 'm'), phone)
    const number = Number.parseInt(headerOf(text, 'To').slice('<sip:'.length), 10)
    if (text.includes('\r\nExpires: 0\r\n')) {
      this.#awake.delete(number)
      return
    }
    this.#awake.set(number, phone)
    const invite = this.#waiting.get(number)
    if (invite === undefined) return
    this.#waiting.delete(number)
    this.#onward(invite, phone)
  }

  #onward(request: string, port: number): void {
    const at = request.indexOf('\r\n') + 2
    this.#send(request.slice(0, at) + this.via + request.slice(at), port)
  }

  #back(response: string): void {
    const at = response.indexOf('\r\nVia: ') + 2
    const rest = response.slice(0, at) + response.slice(response.indexOf('\r\n', at) + 2)
    this.#send(rest, portIn(headerOf(rest, 'Via')))
  }

  #send(text: string, port: number): void {
    if (port > 0) this.socket.send(Buffer.from(text, 'latin1'), port, '127.0.0.1')
  }
}

function portIn(text: string): number {
  return Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? 0)
}
