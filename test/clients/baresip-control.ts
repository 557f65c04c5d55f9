import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { netstring, NetstringReader } from './netstring.js'

/** What happened in baresip, as its module ctrl_tcp tells it. */
export interface BaresipEvent {
  readonly type: string
  readonly param?: string
  readonly peeruri?: string
}

interface Answer {
  readonly response: true
  readonly ok: boolean
  readonly data?: string
  readonly token?: string
}

interface Wait {
  readonly type: string
  resolve(event: BaresipEvent): void
  reject(error: Error): void
}

/** The remote control of one baresip: commands, and events in the order in which they came. */
export class BaresipControl {
  readonly #reader = new NetstringReader()
  readonly #events: BaresipEvent[] = []
  readonly #answers = new Map<string, (answer: Answer) => void>()
  #waits: readonly Wait[] = []
  #commands = 0

  private constructor(private readonly socket: Socket) {
    socket.on('data', (piece) => this.#receive(piece))
    socket.on('error', () => this.#abandon())
    socket.on('close', () => this.#abandon())
  }

  static async connect(port: number): Promise<BaresipControl> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new BaresipControl(socket)
  }

  /** The next event of the type that was not taken yet; those before it are passed over. */
  event(type: string, deadlineMs = 20_000): Promise<BaresipEvent> {
    const at = this.#events.findIndex((event) => event.type === type)
    const known = this.#events[at]
    if (known !== undefined) {
      this.#events.splice(0, at + 1)
      return Promise.resolve(known)
    }
    const passed = this.#events.splice(0).map((event) => event.type)
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#waits = this.#waits.filter((one) => one !== wait)
      }
      const wait: Wait = {
        type,
        resolve: (event) => (settle(), resolve(event)),
        reject: (error) => (settle(), reject(error)),
      }
      const timer = setTimeout(
        () => wait.reject(new Error(`baresip: no ${type} in ${deadlineMs} ms; came: ${passed.join(' ')}`)),
        deadlineMs,
      )
      this.#waits = [...this.#waits, wait]
    })
  }

  /** A long command of baresip's menu. Rejects where baresip does not take it. */
  async command(command: string, params = ''): Promise<void> {
    const token = String(++this.#commands)
    const answered = new Promise<Answer>((resolve) => this.#answers.set(token, resolve))
    this.socket.write(netstring(JSON.stringify({ command, params, token })))
    const answer = await answered
    if (!answer.ok) throw new Error(`baresip does not ${command}: ${answer.data ?? ''}`)
  }

  close(): void {
    this.socket.destroy()
  }

  #receive(piece: Buffer): void {
    for (const text of this.#reader.read(piece)) {
      const message = JSON.parse(text) as Answer | (BaresipEvent & { readonly response?: undefined })
      if (message.response === undefined) this.#happened(message)
      else this.#answers.get(message.token ?? '')?.(message)
    }
  }

  #happened(event: BaresipEvent): void {
    const wait = this.#waits.find((one) => one.type === event.type)
    if (wait === undefined) this.#events.push(event)
    else wait.resolve(event)
  }

  #abandon(): void {
    for (const wait of this.#waits) wait.reject(new Error(`baresip has gone, without ${wait.type}`))
    for (const answer of this.#answers.values()) answer({ response: true, ok: false, data: 'gone' })
  }
}
