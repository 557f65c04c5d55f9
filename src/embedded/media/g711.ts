import type { Law } from './sdp/codecs.js'

/** ITU-T G.711: 8 bit companded samples at 8000 Hz, and tables between its two laws and 16 bit linear. */

const MU_BIAS = 0x84
const MU_CLIP = 32635

export function encodeMu(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const magnitude = Math.min(Math.abs(sample), MU_CLIP) + MU_BIAS
  const exponent = 31 - Math.clz32(magnitude) - 7
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f
  return ~(sign | (exponent << 4) | mantissa) & 0xff
}

export function decodeMu(byte: number): number {
  const bits = ~byte & 0xff
  const magnitude = ((((bits & 0x0f) << 3) + MU_BIAS) << ((bits >> 4) & 7)) - MU_BIAS
  return bits & 0x80 ? -magnitude : magnitude
}

export function encodeA(sample: number): number {
  const negative = sample < 0
  // 13 bits: a sign and a magnitude of 12, in which -1 lies beside 0, not upon it.
  const magnitude = Math.min((negative ? -sample - 1 : sample) >> 3, 0xfff)
  const exponent = magnitude < 32 ? 0 : 31 - Math.clz32(magnitude) - 4
  const mantissa = (magnitude >> Math.max(1, exponent)) & 0x0f
  return ((negative ? 0 : 0x80) | (exponent << 4) | mantissa) ^ 0x55
}

export function decodeA(byte: number): number {
  const bits = byte ^ 0x55
  const exponent = (bits >> 4) & 7
  const mantissa = ((bits & 0x0f) << 1) + 1
  const magnitude = exponent === 0 ? mantissa : (mantissa + 32) << (exponent - 1)
  return bits & 0x80 ? magnitude << 3 : -(magnitude << 3)
}

function table(convert: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => convert(byte))
}

const MU_TO_A = table((byte) => encodeA(decodeMu(byte)))
const A_TO_MU = table((byte) => encodeMu(decodeA(byte)))

/** Byte by byte; undefined where nothing is to be done. */
export function conversion(from: Law, to: Law): Uint8Array | undefined {
  if (from === to) return undefined
  return from === 'PCMU' ? MU_TO_A : A_TO_MU
}

export function encoder(law: Law): (sample: number) => number {
  return law === 'PCMU' ? encodeMu : encodeA
}

export function decoder(law: Law): (byte: number) => number {
  return law === 'PCMU' ? decodeMu : decodeA
}

/** Samples up to this, of 32767, are silence: digital zero and its neighbours in either law. */
const NEAR_ZERO = 40

const QUIET: Record<Law, Uint8Array> = {
  PCMU: table((byte) => (Math.abs(decodeMu(byte)) <= NEAR_ZERO ? 1 : 0)),
  PCMA: table((byte) => (Math.abs(decodeA(byte)) <= NEAR_ZERO ? 1 : 0)),
}

/** Whether a frame is silence; a loud one is known by its first samples. */
export function isSilence(law: Law, bytes: Uint8Array, start: number, end: number): boolean {
  const quiet = QUIET[law]
  for (let at = start; at < end; at += 1) if (quiet[bytes[at]!] === 0) return false
  return end > start
}
