/** Sound in 16 bit linear, sample by sample; what is asked for lies within. */
export interface Samples {
  readonly length: number
  at(index: number): number
}

/** Odd, so that its middle lies on a sample. */
const TAPS = 63
/** Of the wider rate: what lies above half of the narrower one must be gone by then, or it folds back. */
const CUTOFF = 3800 / 16_000

/** A windowed sinc (Hamming) that passes what a telephone carries, 300 to 3400 Hz, as it is. */
const FILTER = lowPass()

function lowPass(): Float64Array {
  const middle = (TAPS - 1) / 2
  const taps = Float64Array.from({ length: TAPS }, (_, index) => {
    const angle = 2 * Math.PI * CUTOFF * (index - middle)
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle
    return sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * index) / (TAPS - 1)))
  })
  const sum = taps.reduce((total, tap) => total + tap, 0)
  return taps.map((tap) => tap / sum)
}

/** Every other sample of sound at 16000 Hz, without what 8000 Hz cannot hold. */
export function halved(samples: Samples): Samples {
  const { length } = samples
  const at = (index: number): number => {
    const first = 2 * index - (TAPS - 1) / 2
    let sum = 0
    for (let tap = Math.max(0, -first); tap < TAPS && first + tap < length; tap += 1) {
      sum += FILTER[tap]! * samples.at(first + tap)
    }
    return Math.max(-32_768, Math.min(32_767, Math.round(sum)))
  }
  return { length: Math.ceil(length / 2), at }
}
