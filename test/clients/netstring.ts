/** Netstrings, "5:hello,", out of a stream of bytes in any pieces. */
export class NetstringReader {
  #rest: Buffer = Buffer.alloc(0)

  /** The strings that are complete now. Throws on what is no netstring. */
  read(piece: Buffer): string[] {
    this.#rest = Buffer.concat([this.#rest, piece])
    const whole: string[] = []
    for (;;) {
      const colon = this.#rest.indexOf(':')
      if (colon < 0) return whole
      const length = Number(this.#rest.subarray(0, colon).toString('latin1'))
      if (!Number.isInteger(length)) throw new Error('not a netstring')
      const end = colon + 1 + length
      if (this.#rest.length <= end) return whole
      whole.push(this.#rest.subarray(colon + 1, end).toString('utf8'))
      this.#rest = this.#rest.subarray(end + 1)
    }
  }
}

export function netstring(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes, Buffer.from(',')])
}
