/** ITU-T G.711 by search in the decoders' tables: slow to encode, but tones are encoded once. */
export type G711 = 'PCMU' | 'PCMA'

function decodeMu(code: number): number {
  const inverted = ~code & 0xff
  const exponent = (inverted >> 4) & 7
  const magnitude = (((inverted & 0x0f) << 3) + 0x84) * 2 ** exponent - 0x84
  return (inverted & 0x80) === 0 ? magnitude : -magnitude
}

function decodeA(code: number): number {
  const toggled = code ^ 0x55
  const exponent = (toggled >> 4) & 7
  const mantissa = ((toggled & 0x0f) << 4) + 8
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) * 2 ** (exponent - 1)
  return (toggled & 0x80) === 0 ? -magnitude : magnitude
}

const decoders: Readonly<Record<G711, Int16Array>> = {
  PCMU: Int16Array.from({ length: 256 }, (_, code) => decodeMu(code)),
  PCMA: Int16Array.from({ length: 256 }, (_, code) => decodeA(code)),
}

export function isG711(name: string): name is G711 {
  return name === 'PCMU' || name === 'PCMA'
}

/** 16-bit linear samples at 8,000 Hz. */
export function decodeG711(codec: G711, payload: Uint8Array): Int16Array {
  const table = decoders[codec]
  return Int16Array.from(payload, (code) => table[code] ?? 0)
}

export function encodeG711(codec: G711, samples: ArrayLike<number>): Buffer {
  const table = decoders[codec]
  return Buffer.from(Array.from(samples, (sample) => nearest(table, sample)))
}

function nearest(table: Int16Array, sample: number): number {
  let best = 0
  let distance = Infinity
  table.forEach((value, code) => {
    const off = Math.abs(value - sample)
    // Of the two zeros the positive one is the usual silence.
    if (off > distance) return
    distance = off
    best = code
  })
  return best
}
