/** A sound that cannot be played, or cannot be had; the message says why. */
export class SoundFault extends Error {
  override readonly name = 'SoundFault'
}

const PCM = 1
const A_LAW = 6
const MU_LAW = 7
const EXTENSIBLE = 0xfffe
const READABLE = 'a WAV file of 16-bit PCM at 8 or 16 kHz, or of G.711, with one channel'

/**
 * How long a WAV file plays, in milliseconds.
 *
 * @param head its beginning, up to the samples at least
 * @param size bytes of all of it
 * @throws {@link SoundFault} where it is none that every media engine plays
 */
export function wavLength(head: Buffer, size: number): number {
  if (
    head.length < 12 ||
    head.toString('latin1', 0, 4) !== 'RIFF' ||
    head.toString('latin1', 8, 12) !== 'WAVE'
  ) {
    throw new SoundFault(`is not ${READABLE}`)
  }
  let bytesPerSecond: number | undefined
  for (let at = 12; at + 8 <= head.length;) {
    const [id, length, start] = [head.toString('latin1', at, at + 4), head.readUInt32LE(at + 4), at + 8]
    if (id === 'fmt ') bytesPerSecond = rateOf(head.subarray(start, start + length))
    if (id === 'data') {
      if (bytesPerSecond === undefined) break
      // Whoever writes as it goes does not know the length ahead, and says 0 or the most that there is.
      const samples = Math.min(length === 0 ? Infinity : length, Math.max(0, size - start))
      return Math.ceil((samples * 1000) / bytesPerSecond)
    }
    // Chunks begin at even places.
    at = start + length + (length % 2)
  }
  throw new SoundFault('is a WAV file without samples')
}

/** Bytes a second. */
function rateOf(format: Buffer): number {
  if (format.length < 16) throw new SoundFault('is a WAV file without a format')
  const tag = format.readUInt16LE(0)
  const codec = tag === EXTENSIBLE && format.length >= 26 ? format.readUInt16LE(24) : tag
  const [channels, rate, bits] = [format.readUInt16LE(2), format.readUInt32LE(4), format.readUInt16LE(14)]
  const linear = codec === PCM && bits === 16 && (rate === 8000 || rate === 16_000)
  const companded = (codec === A_LAW || codec === MU_LAW) && bits === 8 && rate === 8000
  if (channels !== 1 || !(linear || companded)) {
    const found = `codec ${codec}, ${bits} bits, ${rate} Hz, ${channels} channels`
    throw new SoundFault(`is not ${READABLE}: ${found}`)
  }
  return (rate * bits) / 8
}

/** A WAV file of silence: 16-bit PCM at 8 kHz. */
export function silentWav(ms: number): Buffer {
  const samples = Buffer.alloc(Math.round(ms * 8) * 2)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0, 'latin1')
  head.writeUInt32LE(36 + samples.length, 4)
  head.write('WAVEfmt ', 8, 'latin1')
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(PCM, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8000, 24)
  head.writeUInt32LE(16_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36, 'latin1')
  head.writeUInt32LE(samples.length, 40)
  return Buffer.concat([head, samples])
}
