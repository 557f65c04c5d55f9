/** Reading and writing of TLS's presentation language (RFC 5246 §4), as far as a handshake needs it. */

/** The alerts that are known here (RFC 5246 §7.2.2, RFC 8446 §6.2). */
export const Alert = {
  closeNotify: 0,
  unexpectedMessage: 10,
  handshakeFailure: 40,
  badCertificate: 42,
  illegalParameter: 47,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  internalError: 80,
} as const

/** The handshake cannot go on: what the peer is told, and why. */
export class DtlsError extends Error {
  override readonly name = 'DtlsError'

  constructor(
    readonly alert: number,
    message: string,
  ) {
    super(message)
  }
}

/** Takes a message apart from its beginning. Every method throws `DtlsError` (decode_error) where too little is left. */
export class Reader {
  #at = 0

  constructor(readonly bytes: Uint8Array) {}

  get left(): number {
    return this.bytes.length - this.#at
  }

  take(count: number): Buffer {
    if (count > this.left) throw new DtlsError(Alert.decodeError, 'a message is cut short')
    const start = this.#at
    this.#at += count
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, count)
  }

  /** A number of `size` bytes, up to 6. */
  number(size: number): number {
    return this.take(size).readUIntBE(0, size)
  }

  /** What follows a length of `size` bytes. */
  vector(size: number): Buffer {
    return this.take(this.number(size))
  }

  /** The numbers of `each` bytes that a vector holds. */
  numbers(size: number, each: number): number[] {
    const inner = new Reader(this.vector(size))
    const found: number[] = []
    while (inner.left > 0) found.push(inner.number(each))
    return found
  }

  end(): void {
    if (this.left > 0) throw new DtlsError(Alert.decodeError, 'a message is too long')
  }
}

/** A number in `size` bytes, up to 6. */
export function number(size: number, value: number): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}

/** The parts after their length in `size` bytes. */
export function vector(size: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([number(size, length), ...parts])
}
