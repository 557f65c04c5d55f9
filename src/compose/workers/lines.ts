import type { Duplex } from 'node:stream'
import type { Line } from '../../adapters/bus/line.js'

const NEWLINE = 0x0a

/** Cuts a stream of bytes behind its newlines. */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0)

  /** The whole lines that are there by now, with their newlines; undefined where there is none yet. */
  push(chunk: Buffer): Buffer | undefined {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end === 0) {
      this.#rest = Buffer.concat([this.#rest, chunk])
      return undefined
    }
    const whole = chunk.subarray(0, end)
    const lines = this.#rest.length === 0 ? whole : Buffer.concat([this.#rest, whole])
    this.#rest = chunk.subarray(end)
    return lines
  }
}

/** The line to the others at the end of a stream, a text a line: as JSON, which has no newlines. */
export function openLine(stream: Duplex): Line {
  const cutter = new LineCutter()
  let hear: (text: string) => void = () => undefined
  stream.on('data', (chunk: Buffer) => {
    const lines = cutter.push(chunk)?.toString('utf8').split('\n') ?? []
    for (const line of lines) if (line !== '') hear(line)
  })
  // Its other end is gone, and with it the process that ends this one.
  stream.on('error', () => undefined)
  return {
    say(text) {
      if (stream.writable) stream.write(`${text}\n`)
    },
    listen(next) {
      hear = next
    },
  }
}
