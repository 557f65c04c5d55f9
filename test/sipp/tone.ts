import { encodeG711 } from '../../src/demo/rtp/g711.js'

/** One second of a tone in PCMU; it loops without a seam where `hz` is a whole number. */
export function pcmuTone(hz: number): Buffer {
  const samples = Array.from({ length: 8000 }, (_, n) =>
    Math.round(8000 * Math.sin((2 * Math.PI * hz * n) / 8000)),
  )
  return encodeG711('PCMU', samples)
}
