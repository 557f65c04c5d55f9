import { endOfHead } from './parse.js'

const CR = 13
const LF = 10

export type StreamEvent =
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** A double CRLF, to be answered by a single one (RFC 5626 §4.4.1, §5.4). */
  | { readonly kind: 'ping' }
  /** The stream cannot be followed any further; `bytes` are what stood there. */
  | { readonly kind: 'broken'; readonly bytes: Buffer; readonly reason: string }

/**
 * Cuts a byte stream into messages by Content-Length (RFC 3261 §18.3), whatever the pieces it arrives in.
 * Holds at most one unfinished message, of at most `limit` bytes.
 */
export class StreamFraming {
  private pending: Buffer = Buffer.alloc(0)
  /** Where the search for the end of the head goes on, so that a slow sender costs no repeated scans. */
  private scanned = 0
  /** Length of the message at hand once its head is whole. */
  private needed = 0
  private crlfs = 0

  constructor(private readonly limit: number) {}

  /** Bytes held of a message that is not whole yet. */
  get buffered(): number {
    return this.pending.length
  }

  push(chunk: Buffer): StreamEvent[] {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk])
    const events: StreamEvent[] = []
    for (let event = this.next(events); event; event = this.next(events)) {
      events.push(event)
      if (event.kind === 'broken') break
    }
    return events
  }

  private next(events: StreamEvent[]): StreamEvent | undefined {
    if (this.needed === 0) {
      this.skipEmptyLines(events)
      if (this.pending.length === 0) return undefined
      const headEnd = endOfHead(this.pending, this.scanned)
      if (headEnd < 0) {
        this.scanned = Math.max(0, this.pending.length - 3)
        return this.pending.length > this.limit ? this.broken('Message Too Large') : undefined
      }
      const length = contentLength(this.pending.toString('latin1', 0, headEnd))
      if (length === undefined) return this.broken('Invalid Content-Length')
      if (headEnd + length > this.limit) return this.broken('Message Too Large')
      this.needed = headEnd + length
    }
    if (this.pending.length < this.needed) return undefined
    const bytes = this.pending.subarray(0, this.needed)
    this.drop(this.needed)
    return { kind: 'message', bytes }
  }

  /** CRLFs between messages are skipped (RFC 3261 §7.5); two in a row are a ping. */
  private skipEmptyLines(events: StreamEvent[]): void {
    let at = 0
    while (at < this.pending.length) {
      const code = this.pending[at]
      if (code === LF) {
        this.crlfs++
        if (this.crlfs === 2) {
          events.push({ kind: 'ping' })
          this.crlfs = 0
        }
      } else if (code !== CR) {
        this.crlfs = 0
        break
      }
      at++
    }
    if (at > 0) this.drop(at)
  }

  private drop(count: number): void {
    this.pending = this.pending.subarray(count)
    this.scanned = 0
    this.needed = 0
  }

  private broken(reason: string): StreamEvent {
    const bytes = this.pending
    this.drop(bytes.length)
    return { kind: 'broken', bytes, reason }
  }
}

/** The body's length as the head says; 0 where it says nothing; undefined where it says nonsense. */
function contentLength(head: string): number | undefined {
  const pattern = /^(?:content-length|l)[ \t]*:[ \t\r\n]*([^\r\n]*?)[ \t]*$/gim
  let length: number | undefined
  for (const match of head.matchAll(pattern)) {
    if (length !== undefined || !/^[0-9]{1,9}$/.test(match[1] ?? '')) return undefined
    length = Number(match[1])
  }
  return length ?? 0
}
