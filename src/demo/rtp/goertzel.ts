/**
 * The share of the samples' energy at one frequency, by Goertzel's algorithm: 1 for a pure tone, 0.5 each for two
 * equally loud ones. Resolution is the sample rate over the number of samples.
 */
export function shareAt(hz: number, samples: Int16Array, energy: number, sampleRate = 8000): number {
  if (energy === 0) return 0
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / sampleRate)
  let [last, before] = [0, 0]
  for (const sample of samples) {
    const next = sample + coefficient * last - before
    before = last
    last = next
  }
  const power = last * last + before * before - coefficient * last * before
  return (2 * power) / (samples.length * energy)
}

export function energyOf(samples: Int16Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0)
}

/** The tones of the world's telephone networks (ITU-T E.180) and those that the players themselves make. */
export const candidateTones: readonly number[] = [
  350, 380, 400, 420, 425, 440, 450, 480, 500, 600, 620, 700, 800, 900, 950, 1000, 1100, 1200, 1400, 1600,
  1800,
]

/** Which candidates carry at least a fifth of the energy; none where it is quieter than about -50 dBm0. */
export function audibleTones(samples: Int16Array, candidates = candidateTones): number[] {
  const energy = energyOf(samples)
  if (samples.length === 0 || Math.sqrt(energy / samples.length) < 60) return []
  const shares = candidates.map((hz) => ({ hz, share: shareAt(hz, samples, energy) }))
  const audible = shares.filter(({ share }) => share >= 0.2)
  // Neighbours within the window's resolution show the same tone: the louder one counts.
  const resolution = 8000 / samples.length
  const beaten = (one: { hz: number; share: number }): boolean =>
    audible.some((other) => other.share > one.share && Math.abs(other.hz - one.hz) < 2 * resolution)
  return audible.filter((one) => !beaten(one)).map(({ hz }) => hz)
}
