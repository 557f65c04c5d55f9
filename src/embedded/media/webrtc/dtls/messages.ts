import { number, Reader } from './wire.js'

/** Handshake messages that are known here (RFC 5246 §7.4). */
export const HandshakeType = {
  clientHello: 1,
  serverHello: 2,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const

export interface HandshakeMessage {
  type: number
  /** Counts the messages of one side. */
  sequence: number
  body: Buffer
}

/** A message in one piece: what it is in the transcript too, however it came (RFC 6347 §4.2.6). */
export function encodeMessage({ type, sequence, body }: HandshakeMessage): Buffer {
  return encodeFragment(type, sequence, body, 0, body.length)
}

/** A message in pieces of at most `size` bytes each (RFC 6347 §4.2.3). */
export function fragments({ type, sequence, body }: HandshakeMessage, size: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at === 0 || at < body.length; at += size) {
    pieces.push(encodeFragment(type, sequence, body, at, Math.min(body.length, at + size)))
  }
  return pieces
}

function encodeFragment(type: number, sequence: number, body: Buffer, from: number, to: number): Buffer {
  const head = [number(1, type), number(3, body.length), number(2, sequence), number(3, from)]
  return Buffer.concat([...head, number(3, to - from), body.subarray(from, to)])
}

export interface ReceivedMessage extends HandshakeMessage {
  /** That its fragments came in: 1 for what only who has the keys can have sent. */
  epoch: number
}

interface Fragment {
  type: number
  epoch: number
  /** Of the whole message. */
  length: number
  sequence: number
  offset: number
  piece: Buffer
}

/** RFC 6347 §4.2.2. */
const HEADER = 12

/** @returns none where the record does not hold fragments and nothing else: it is dropped (RFC 6347 §4.1.2.7) */
function parseFragments(record: Buffer, epoch: number): Fragment[] {
  const reader = new Reader(record)
  const found: Fragment[] = []
  while (reader.left >= HEADER) {
    const type = reader.number(1)
    const length = reader.number(3)
    const sequence = reader.number(2)
    const offset = reader.number(3)
    const size = reader.number(3)
    if (size > reader.left) return []
    found.push({ type, epoch, length, sequence, offset, piece: reader.take(size) })
  }
  return reader.left === 0 ? found : []
}

interface Partial {
  type: number
  epoch: number
  body: Buffer
  /** 1 for each byte that is there. */
  have: Uint8Array
  /** Bytes that are not there. Counted as they come: anybody can send many records, and each is to cost little. */
  missing: number
}

function emptyPartial(type: number, epoch: number, length: number): Partial {
  return { type, epoch, body: Buffer.alloc(length), have: new Uint8Array(length), missing: length }
}

/** Certificates are about 1 KB; hellos with keys against quantum computers 2 KB. */
const LONGEST = 16 * 1024
/** A flight has five messages at most. What is further ahead is no use. */
const AHEAD = 8

/**
 * Puts messages together from fragments that come in any order, twice or not at all, and hands them out in theirs
 * (RFC 6347 §4.2.2).
 */
export class Reassembly {
  readonly #partial = new Map<number, Partial>()
  #next = 0

  /**
   * Takes what one record of an epoch holds. No message is made of fragments of two. A record that cannot
   * be read is as good as lost.
   * @returns the messages that are whole now, in order; and whether any was handed out before: the peer repeats itself
   */
  receive(record: Buffer, epoch: number): { messages: ReceivedMessage[]; repeated: boolean } {
    let repeated = false
    for (const each of parseFragments(record, epoch)) {
      if (each.sequence < this.#next) repeated = true
      else if (each.sequence < this.#next + AHEAD) this.#keep(each)
    }
    return { messages: this.#takeWhole(), repeated }
  }

  #keep({ type, epoch, length, sequence, offset, piece }: Fragment): void {
    if (length > LONGEST || offset + piece.length > length) return
    const known = this.#partial.get(sequence)
    // What is sealed takes the place of what anybody may have sent in the clear.
    const partial = known && known.epoch >= epoch ? known : emptyPartial(type, epoch, length)
    if (partial.type !== type || partial.epoch !== epoch || partial.body.length !== length) return
    this.#partial.set(sequence, partial)
    partial.body.set(piece, offset)
    for (let at = offset; at < offset + piece.length; at += 1) {
      if (partial.have[at] === 1) continue
      partial.have[at] = 1
      partial.missing -= 1
    }
  }

  #takeWhole(): ReceivedMessage[] {
    const whole: ReceivedMessage[] = []
    for (;;) {
      const first = this.#partial.get(this.#next)
      if (first?.missing !== 0) return whole
      this.#partial.delete(this.#next)
      whole.push({ type: first.type, epoch: first.epoch, sequence: this.#next, body: first.body })
      this.#next += 1
    }
  }
}
