const HASH = 35
/** drachtio-server reads at most five digits of length. */
const MAX_DIGITS = 5

/** The bytes of one frame: `<byte count>#<text>`. */
export function encodeFrame(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text)}#${text}`, 'utf8')
}

/** Cuts frames out of what an app sends, in whatever pieces it comes. Throws where a length is no number. */
export class FrameDecoder {
  private pending: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): string[] {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk])
    const frames: string[] = []
    for (let frame = this.next(); frame !== undefined; frame = this.next()) frames.push(frame)
    return frames
  }

  private next(): string | undefined {
    const hash = this.pending.subarray(0, MAX_DIGITS + 1).indexOf(HASH)
    if (hash < 0 && this.pending.length <= MAX_DIGITS) return undefined
    const digits = this.pending.toString('latin1', 0, Math.max(hash, 0))
    if (!/^[1-9][0-9]*$/.test(digits)) throw new Error('frame without a length')
    const end = hash + 1 + Number(digits)
    if (this.pending.length < end) return undefined
    const frame = this.pending.toString('utf8', hash + 1, end)
    this.pending = this.pending.subarray(end)
    return frame
  }
}
