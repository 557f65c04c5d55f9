import type { ClientAddress, ClientMessage, ClientMessageStore } from '../../ports/client-messages.js'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import type { CloseCause } from './close-cause.js'
import type { ChannelLimits } from './limits.js'
import type { ChannelSocket } from './socket.js'

/** Messages of one look into the database. */
const PAGE = 50

export interface OutflowOptions {
  readonly socket: ChannelSocket
  readonly address: ClientAddress
  /** Number of the last message that the client has. */
  readonly from: number
  readonly store: Pick<ClientMessageStore, 'messagesAfter'>
  readonly clock: Clock
  readonly log: Log
  readonly limits: ChannelLimits
  /** The channel is of no use any more. */
  fail(cause: CloseCause): void
}

/**
 * Sends a client its numbered messages, in their order and each once, as fast as it reads them. What the client does
 * not acknowledge is bounded.
 */
export class Outflow {
  /** `told`: look once more when this look is over. */
  #state: 'idle' | 'looking' | 'told' | 'stopped' = 'idle'
  #sent: number
  #acked: number
  /** Sent, and not acknowledged. */
  #open: { readonly seq: number; readonly bytes: number }[] = []
  #openBytes = 0
  #stopRetry: () => void = () => undefined
  #stopped: () => void = () => undefined
  readonly #gone: Promise<void>

  constructor(private readonly options: OutflowOptions) {
    this.#sent = options.from
    this.#acked = options.from
    this.#gone = new Promise((resolve) => (this.#stopped = resolve))
  }

  get acked(): number {
    return this.#acked
  }

  get sent(): number {
    return this.#sent
  }

  /** There may be messages. */
  wake(): void {
    switch (this.#state) {
      case 'idle':
        this.#state = 'looking'
        void this.#run()
        return
      case 'looking':
        this.#state = 'told'
        return
      case 'told':
      case 'stopped':
        return
      default:
        this.#state satisfies never
    }
  }

  /** False where the number is one that was never sent, or that was acknowledged before. */
  acknowledge(upTo: number): boolean {
    if (upTo > this.#sent || upTo <= this.#acked) return false
    this.#acked = upTo
    while (this.#open[0] !== undefined && this.#open[0].seq <= upTo) {
      this.#openBytes -= this.#open.shift()?.bytes ?? 0
    }
    return true
  }

  stop(): void {
    this.#state = 'stopped'
    this.#stopRetry()
    this.#stopped()
  }

  async #run(): Promise<void> {
    try {
      await this.#look()
    } catch (error) {
      const { address, clock, limits, log } = this.options
      log.warn({ err: error, client: address.client }, 'messages of a client cannot be read')
      if (this.#state === 'stopped') return
      this.#state = 'idle'
      this.#stopRetry()
      this.#stopRetry = clock.after(limits.retryMs, () => this.wake())
    }
  }

  async #look(): Promise<void> {
    const { store, address, clock } = this.options
    while (this.#state === 'looking' || this.#state === 'told') {
      this.#state = 'looking'
      const messages = await store.messagesAfter(address, this.#sent, clock.now(), PAGE)
      for (const message of messages) if (!(await this.#send(message))) return
      if (this.#state === 'looking' && messages.length < PAGE) this.#state = 'idle'
    }
  }

  /** False where the channel is of no use any more. */
  async #send({ seq, body }: ClientMessage): Promise<boolean> {
    if (this.#state === 'stopped') return false
    const { socket, limits } = this.options
    const bytes = Buffer.byteLength(body)
    this.#open.push({ seq, bytes })
    this.#openBytes += bytes
    if (this.#open.length > limits.queue.messages || this.#openBytes > limits.queue.bytes) {
      this.options.fail('too-many-queued')
      return false
    }
    this.#sent = seq
    // A body is a JSON object that is not empty.
    const written = socket.send(`{"seq":${String(seq)},${body.slice(1)}`)
    if (socket.buffered > limits.buffered) return this.#written(written)
    written.catch(() => undefined)
    return true
  }

  /** Waits until the client has read; a connection that is gone says so itself. */
  async #written(write: Promise<void>): Promise<boolean> {
    const { clock, limits } = this.options
    let stop = (): void => undefined
    const late = new Promise<'late'>((resolve) => {
      stop = clock.after(limits.writeMs, () => resolve('late'))
    })
    const outcome = await Promise.race([write.catch(() => undefined), this.#gone, late])
    stop()
    if (outcome === 'late') this.options.fail('too-slow')
    return this.#live
  }

  get #live(): boolean {
    return this.#state !== 'stopped'
  }
}
