import type { Duplex } from 'node:stream'
import { LineCutter } from './lines.js'

/** Bytes that may wait for one who does not read; beyond it what is said is lost to him. */
const MOST_WAITING = 16 * 1024 * 1024

/** Passes on to all others what one says, unread. */
export class PartyLine {
  readonly #ends = new Set<Duplex>()

  /** Until the stream is closed. */
  join(end: Duplex): void {
    this.#ends.add(end)
    const cutter = new LineCutter()
    end.on('data', (chunk: Buffer) => {
      const lines = cutter.push(chunk)
      if (lines !== undefined) this.#pass(end, lines)
    })
    // A close follows, and nobody else is to be bothered by it.
    end.on('error', () => undefined)
    end.once('close', () => this.#ends.delete(end))
  }

  #pass(from: Duplex, lines: Buffer): void {
    for (const end of this.#ends) {
      if (end !== from && end.writable && end.writableLength < MOST_WAITING) end.write(lines)
    }
  }
}
