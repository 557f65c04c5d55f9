import { MediaError } from '../errors.js'
import { decodeA, decodeMu } from '../g711.js'
import { halved, type Samples } from './samples.js'
import { SAMPLE_RATE } from './synthesis.js'

const PCM = 1
const A_LAW = 6
const MU_LAW = 7

interface Format {
  code: number
  channels: number
  rate: number
  bits: number
}

/**
 * The samples of a RIFF WAVE file: 8000 or 16000 Hz, mono, 16 bit PCM or G.711. They are read from the file's own
 * bytes when they are asked for, so that a long recording costs no time at once.
 * @throws MediaError `bad-file`
 */
export function parseWav(file: Buffer, name: string): Samples {
  const bad = (why: string) => new MediaError('bad-file', `${name}: ${why}`)
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw bad('not a WAV file')
  }
  const formatChunk = findChunk(file, 'fmt ')
  const data = findChunk(file, 'data')
  if (!formatChunk || formatChunk.length < 16 || !data) throw bad('no fmt or no data chunk')
  const format = {
    code: formatChunk.readUInt16LE(0),
    channels: formatChunk.readUInt16LE(2),
    rate: formatChunk.readUInt32LE(4),
    bits: formatChunk.readUInt16LE(14),
  }
  const wide = format.rate === 2 * SAMPLE_RATE
  if (format.channels !== 1 || (format.rate !== SAMPLE_RATE && !wide)) {
    throw bad(
      `mono at ${SAMPLE_RATE} or ${2 * SAMPLE_RATE} Hz is wanted, ` +
        `not ${format.channels} channels at ${format.rate} Hz`,
    )
  }
  const samples = decode(format, data)
  if (!samples) throw bad('16 bit PCM, A-law or mu-law is wanted')
  if (samples.length === 0) throw bad('no samples')
  return wide ? halved(samples) : samples
}

function decode(format: Format, data: Buffer): Samples | undefined {
  if (format.code === PCM && format.bits === 16) {
    return { length: data.length >> 1, at: (index) => data.readInt16LE(index * 2) }
  }
  if (format.code === A_LAW && format.bits === 8) return companded(data, decodeA)
  if (format.code === MU_LAW && format.bits === 8) return companded(data, decodeMu)
  return undefined
}

function companded(data: Buffer, decodeByte: (byte: number) => number): Samples {
  return { length: data.length, at: (index) => decodeByte(data[index] ?? 0) }
}

function findChunk(file: Buffer, id: string): Buffer | undefined {
  for (let at = 12; at + 8 <= file.length;) {
    const size = file.readUInt32LE(at + 4)
    if (file.toString('latin1', at, at + 4) === id) return file.subarray(at + 8, at + 8 + size)
    // Chunks are padded to an even length.
    at += 8 + size + (size & 1)
  }
  return undefined
}
