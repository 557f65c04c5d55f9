/**
 * Cuts a TCP stream into messages (RFC 3261 §18.3). Bytes in, whole messages out; a CRLF between messages is a
 * keep-alive's answer (RFC 5626 §4.4.1) and is counted.
 */
export class StreamFramer {
  #pending: Buffer = Buffer.alloc(0)
  #pongs = 0

  push(chunk: Buffer): Buffer[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const messages: Buffer[] = []
    for (;;) {
      this.#skipKeepAlives()
      const length = wholeLength(this.#pending)
      if (length === undefined || length > this.#pending.length) return messages
      messages.push(this.#pending.subarray(0, length))
      this.#pending = this.#pending.subarray(length)
    }
  }

  get pongs(): number {
    return this.#pongs
  }

  #skipKeepAlives(): void {
    while (this.#pending[0] === 0x0d && this.#pending[1] === 0x0a) {
      this.#pending = this.#pending.subarray(2)
      this.#pongs++
    }
  }
}

/** The length of the message that begins here, as far as its header is there. */
function wholeLength(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const declared = /\r\n(?:content-length|l)[ \t]*:\s*(\d+)/i.exec(head)?.[1]
  return headEnd + 4 + Number(declared ?? 0)
}
