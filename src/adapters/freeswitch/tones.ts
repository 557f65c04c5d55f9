import type { Sound } from '../../ports/media.js'

/**
 * What FreeSWITCH plays, in TGML: `%(on ms, off ms, Hz, …)`, parts divided by semicolons. Ringback by country, from
 * the list of national tones beside ITU-T E.180.
 */
const once = (on: number, off: number, ...hz: number[]): string => `%(${[on, off, ...hz].join(',')})`
const twice = (...hz: number[]): string => `${once(400, 200, ...hz)};${once(400, 2000, ...hz)}`

/** TGML has no modulation; two tones `by` Hz apart beat with that many peaks a second. */
const beating = (hz: number, by: number): [number, number] => [hz - by / 2, hz + by / 2]

const US = once(2000, 4000, 440, 480)

const RINGBACK: Readonly<Record<string, string>> = {
  us: US,
  ca: US,
  gb: twice(400, 450),
  de: once(1000, 4000, 425),
  fr: once(1500, 3500, 440),
  il: once(1000, 3000, 400),
  jp: once(1000, 2000, ...beating(400, 16)),
  in: twice(...beating(400, 25)),
  au: twice(413, 438),
  br: once(1000, 4000, 425),
  ch: once(1000, 4000, 425),
  cn: once(1000, 4000, 450),
  es: once(1500, 3000, 425),
  it: once(1000, 4000, 425),
  nl: once(1000, 4000, 425),
  nz: twice(400, 450),
  pl: once(1000, 4000, 425),
  pt: once(1000, 5000, 425),
  ru: once(1000, 4000, 425),
  se: once(1000, 5000, 425),
}

const ALIASES: Readonly<Record<string, string>> = { uk: 'gb', jpn: 'jp', ind: 'in', isr: 'il' }

/** What Recommendation E.180 asks of a country that is free to choose. */
const RECOMMENDED = once(1000, 4000, 425)

/** Three quick rising notes: heard as progress, and as no country's ringback. */
const CONNECTING = [once(120, 40, 523), once(120, 40, 659), once(160, 1520, 784)].join(';')

const NORTH_AMERICAN: ReadonlySet<string> = new Set(['us', 'ca'])
const REORDER = once(250, 250, 480, 620)
/** Quick, as E.180 has it everywhere else. */
const CONGESTION = once(250, 250, 425)

/** What is to be played without end for a sound. */
export function streamOf(sound: Sound): string {
  switch (sound.kind) {
    case 'ringback':
      return endless(ringbackOf(sound.country))
    case 'congestion':
      return endless(NORTH_AMERICAN.has(sound.country.toLowerCase()) ? REORDER : CONGESTION)
    case 'connecting':
      return endless(CONNECTING)
    case 'silence':
      return 'silence_stream://-1'
    default:
      return sound satisfies never
  }
}

/** A country's ringback in TGML; an unknown country gets what the ITU recommends. */
export function ringbackOf(country: string): string {
  const code = country.toLowerCase()
  return RINGBACK[ALIASES[code] ?? code] ?? RECOMMENDED
}

function endless(cadence: string): string {
  return `tone_stream://${cadence};loops=-1`
}
