import { MediaError } from '../errors.js'
import type { ToneSegment, ToneSpec } from '../types.js'

/**
 * Call progress tones by country: frequencies and cadences from the list of national tones that the ITU keeps
 * beside Recommendation E.180 (Supplement 2).
 */
type Progress = 'ringback' | 'busy' | 'congestion'
type CountryTones = Record<Progress, readonly ToneSegment[]>

const pause = (ms: number): ToneSegment => ({ frequencies: [], ms })
const beep = (ms: number, ...frequencies: number[]): ToneSegment => ({ frequencies, ms })

function tones(frequency: number, ring: [number, number], busy: number, congestion: number): CountryTones {
  const even = (ms: number) => [beep(ms, frequency), pause(ms)]
  return {
    ringback: [beep(ring[0], frequency), pause(ring[1])],
    busy: even(busy),
    congestion: even(congestion),
  }
}

const US: CountryTones = {
  ringback: [beep(2000, 440, 480), pause(4000)],
  busy: [beep(500, 480, 620), pause(500)],
  congestion: [beep(250, 480, 620), pause(250)],
}

const doubleRing = (segment: ToneSegment): ToneSegment[] => [segment, pause(200), segment, pause(2000)]

const COUNTRIES: Record<string, CountryTones> = {
  us: US,
  ca: US,
  gb: {
    ringback: doubleRing(beep(400, 400, 450)),
    busy: [beep(375, 400), pause(375)],
    congestion: [beep(400, 400), pause(350), beep(225, 400), pause(525)],
  },
  de: tones(425, [1000, 4000], 480, 240),
  fr: tones(440, [1500, 3500], 500, 250),
  il: tones(400, [1000, 3000], 500, 250),
  jp: {
    ringback: [{ ...beep(1000, 400), modulation: 16 }, pause(2000)],
    busy: [beep(500, 400), pause(500)],
    congestion: [beep(500, 400), pause(500)],
  },
  in: {
    ringback: doubleRing({ ...beep(400, 400), modulation: 25 }),
    busy: [beep(750, 400), pause(750)],
    congestion: [beep(250, 400), pause(250)],
  },
  au: {
    ringback: doubleRing(beep(400, 413, 438)),
    busy: [beep(375, 425), pause(375)],
    congestion: [beep(375, 425), pause(375)],
  },
  br: {
    ...tones(425, [1000, 4000], 250, 250),
    congestion: [beep(250, 425), pause(250), beep(750, 425), pause(250)],
  },
  ch: tones(425, [1000, 4000], 500, 200),
  cn: tones(450, [1000, 4000], 350, 700),
  es: tones(425, [1500, 3000], 200, 200),
  it: tones(425, [1000, 4000], 500, 200),
  nl: tones(425, [1000, 4000], 500, 250),
  nz: {
    ringback: doubleRing(beep(400, 400, 450)),
    busy: [beep(500, 400), pause(500)],
    congestion: [beep(250, 400), pause(250)],
  },
  pl: tones(425, [1000, 4000], 500, 500),
  pt: tones(425, [1000, 5000], 500, 200),
  ru: tones(425, [1000, 4000], 350, 175),
  se: { ...tones(425, [1000, 5000], 250, 250), congestion: [beep(250, 425), pause(750)] },
}

const ALIASES: Record<string, string> = { uk: 'gb', jpn: 'jp', ind: 'in', isr: 'il' }

/** What Recommendation E.180 asks of a country that is free to choose. */
const RECOMMENDED = tones(425, [1000, 4000], 500, 250)

/** Three quick rising notes: heard as progress, and as no country's ringback. */
const CONNECTING: readonly ToneSegment[] = [
  beep(120, 523),
  pause(40),
  beep(120, 659),
  pause(40),
  beep(160, 784),
  pause(1520),
]

/** The countries whose own tones are known, in ISO 3166's letters. */
export const countries: readonly string[] = Object.keys(COUNTRIES)

export type TonePlan =
  { kind: 'cadence'; segments: readonly ToneSegment[] } | { kind: 'noise' } | { kind: 'file'; path: string }

const MAX_CYCLE_MS = 60_000

/** What is to be synthesised for a request. @throws MediaError `bad-option` */
export function planTone(spec: ToneSpec): TonePlan {
  switch (spec.kind) {
    case 'ringback':
    case 'busy':
    case 'congestion':
      return { kind: 'cadence', segments: countryTones(spec.country)[spec.kind] }
    case 'connecting':
      return { kind: 'cadence', segments: CONNECTING }
    case 'silence':
      return { kind: 'cadence', segments: [pause(20)] }
    case 'comfort':
      return { kind: 'noise' }
    case 'segments':
      return { kind: 'cadence', segments: checked(spec.segments) }
    case 'file':
      return { kind: 'file', path: spec.path }
    default:
      throw new MediaError('bad-option', `an unknown tone: ${JSON.stringify(spec satisfies never)}`)
  }
}

function countryTones(country: string): CountryTones {
  const code = country.toLowerCase()
  return COUNTRIES[ALIASES[code] ?? code] ?? RECOMMENDED
}

function checked(segments: readonly ToneSegment[]): readonly ToneSegment[] {
  const total = segments.reduce((sum, segment) => sum + segment.ms, 0)
  const sound = segments.every(
    (segment) => segment.ms > 0 && segment.frequencies.every((each) => each > 0 && each < 4000),
  )
  if (!sound || total < 20 || total > MAX_CYCLE_MS) {
    throw new MediaError('bad-option', `a tone lasts 20 to ${MAX_CYCLE_MS} ms, of frequencies below 4000 Hz`)
  }
  return segments
}
