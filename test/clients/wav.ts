/** The samples of a WAV file of 8,000 Hz, mono, 16 bit. Throws on any other. */
export function wavSamples(file: Buffer): Int16Array {
  const chunks = chunksOf(file)
  const format = chunks.get('fmt ')
  const data = chunks.get('data')
  if (format === undefined || data === undefined) throw new Error('a WAV file without fmt or data')
  const [channels, rate, bits] = [format.readUInt16LE(2), format.readUInt32LE(4), format.readUInt16LE(14)]
  if (channels !== 1 || rate !== 8000 || bits !== 16) {
    throw new Error(`a WAV file of ${rate} Hz, ${channels} channels, ${bits} bit`)
  }
  return Int16Array.from({ length: data.length >> 1 }, (_, n) => data.readInt16LE(2 * n))
}

function chunksOf(file: Buffer): ReadonlyMap<string, Buffer> {
  const chunks = new Map<string, Buffer>()
  for (let at = 12; at + 8 <= file.length;) {
    const length = file.readUInt32LE(at + 4)
    chunks.set(file.toString('latin1', at, at + 4), file.subarray(at + 8, at + 8 + length))
    // Chunks begin at even places.
    at += 8 + length + (length & 1)
  }
  return chunks
}
