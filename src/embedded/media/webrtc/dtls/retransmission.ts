import type { Outgoing, RecordWriter } from './flight.js'

/** RFC 6347 §4.2.4.1 says 1 s, and less for what cannot wait: the user has answered and hears nothing yet. */
const FIRST_RETRANSMISSION_MS = 400
const RETRANSMISSIONS = 6
/**
 * How often a flight is sent again because something came again. A client that lost it says so with a flight of about
 * four datagrams, some six times; whoever only uses its address could have some 25 bytes sent to it for each of his.
 */
const REPEATS = 20

export interface FlightContext {
  send(datagram: Buffer): void
  /** @returns what cancels it */
  after(ms: number, run: () => void): () => void
}

/** Sends our flights, and the last of them again: after a while, and where the peer repeats itself (RFC 6347 §4.2.4). */
export class Retransmission {
  readonly #context: FlightContext
  readonly #writer: RecordWriter
  #flight: readonly Outgoing[] = []
  #repeats = 0
  #cancelTimer: (() => void) | undefined

  constructor(context: FlightContext, writer: RecordWriter) {
    this.#context = context
    this.#writer = writer
  }

  get timers(): number {
    return this.#cancelTimer ? 1 : 0
  }

  /** Sends a flight until it is answered by the next one. @param unanswered after some 50 s of trying */
  sendUntilAnswered(flight: readonly Outgoing[], unanswered: () => void): void {
    this.#begin(flight)
    this.#repeatAfter(FIRST_RETRANSMISSION_MS, RETRANSMISSIONS, unanswered)
  }

  /** Sends the flight that nothing answers, and again only where the peer repeats its own. */
  sendLast(flight: readonly Outgoing[]): void {
    this.#begin(flight)
  }

  /** The peer said something again: it may not have heard us. */
  repeat(): void {
    if (this.#repeats === 0) return
    this.#repeats -= 1
    this.#transmit()
  }

  stop(): void {
    this.#flight = []
    this.#stopTimer()
  }

  #begin(flight: readonly Outgoing[]): void {
    this.#stopTimer()
    this.#flight = flight
    this.#repeats = REPEATS
    this.#transmit()
  }

  #transmit(): void {
    for (const datagram of this.#writer.datagrams(this.#flight)) this.#context.send(datagram)
  }

  #repeatAfter(ms: number, left: number, unanswered: () => void): void {
    this.#cancelTimer = this.#context.after(ms, () => {
      this.#cancelTimer = undefined
      if (left === 0) return unanswered()
      this.#transmit()
      this.#repeatAfter(ms * 2, left - 1, unanswered)
    })
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
