import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { startRtpengine as startProgram } from '../peers/rtpengine.js'
import { decode, encode, type Bencode } from './bencode.js'
import type { Relay, RelayedCall } from './relay.js'
import { audioPort, sideAt } from './sdp.js'

/** Sent as often where no answer comes in this time, ms. */
const PATIENCE = { ms: 2000, times: 5 } as const

/** rtpengine in user space, as Debian builds it, controlled by its ng protocol: offer and answer, as of a proxy. */
export async function startRtpengine(cores: string): Promise<Relay> {
  const { program, port } = await startProgram(cores)
  const control = new Control(port)
  return {
    roots: [program.pid],
    join: async (count, sides) => {
      const calls: RelayedCall[] = []
      for (let n = 0; n < count; n++) calls.push(await joinOne(control, `bench-${n}`, sides))
      return calls
    },
    stop: async () => {
      control.close()
      await program.stop()
    },
  }
}

async function joinOne(control: Control, name: string, sides: RelayedCall): Promise<RelayedCall> {
  const common = { 'call-id': name, 'from-tag': 'a', ICE: 'remove' }
  // What goes to B names the port that B sends to, and so the other way.
  const offer = await control.ask({ ...common, command: 'offer', sdp: sideAt(sides.a) })
  const answer = await control.ask({ ...common, command: 'answer', 'to-tag': 'b', sdp: sideAt(sides.b) })
  return { a: audioPort(answer), b: audioPort(offer) }
}

class Control {
  readonly #socket: Socket = createSocket('udp4')
  #cookie = 0

  constructor(private readonly port: number) {}

  /** Resolves to the description of its answer. */
  async ask(command: Record<string, Bencode>): Promise<string> {
    const cookie = String(++this.#cookie)
    const datagram = `${cookie} ${encode(command)}`
    for (let n = 0; n < PATIENCE.times; n++) {
      this.#socket.send(datagram, this.port, '127.0.0.1')
      const answer = await this.#answerTo(cookie)
      if (answer === undefined) continue
      const { result, sdp } = answer as { readonly result?: Bencode; readonly sdp?: Bencode }
      if (result === 'ok' && typeof sdp === 'string') return sdp
      throw new Error(`rtpengine said ${JSON.stringify(answer)}`)
    }
    throw new Error('rtpengine does not answer')
  }

  /** undefined where none came in time; those to earlier questions are passed over. */
  async #answerTo(cookie: string): Promise<Bencode | undefined> {
    const signal = AbortSignal.timeout(PATIENCE.ms)
    try {
      for (;;) {
        const [bytes] = (await once(this.#socket, 'message', { signal })) as [Buffer]
        const space = bytes.indexOf(' ')
        if (bytes.toString('latin1', 0, space) === cookie) return decode(bytes.subarray(space + 1))
      }
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }

  close(): void {
    this.#socket.close()
  }
}
