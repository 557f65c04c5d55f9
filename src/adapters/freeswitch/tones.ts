import type { Sound } from '../../ports/media.js'
import { fileOf } from './files.js'

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

/** On as long as off. */
const even = (ms: number, ...hz: number[]): string => once(ms, ms, ...hz)
const US_BUSY = even(500, 480, 620)

const BUSY: Readonly<Record<string, string>> = {
  us: US_BUSY,
  ca: US_BUSY,
  gb: even(375, 400),
  de: even(480, 425),
  fr: even(500, 440),
  il: even(500, 400),
  jp: even(500, 400),
  in: even(750, 400),
  au: even(375, 425),
  br: even(250, 425),
  ch: even(500, 425),
  cn: even(350, 450),
  es: even(200, 425),
  it: even(500, 425),
  nl: even(500, 425),
  nz: even(500, 400),
  pl: even(500, 425),
  pt: even(500, 425),
  ru: even(350, 425),
  se: even(250, 425),
}
const RECOMMENDED_BUSY = even(500, 425)

const NORTH_AMERICAN: ReadonlySet<string> = new Set(['us', 'ca'])
const REORDER = once(250, 250, 480, 620)
/** A pause has no cadence: a frame of it is as little as can be heard to its end. */
const SILENCE_MS = 20

/** Quick, as E.180 has it everywhere else. */
const CONGESTION = once(250, 250, 425)

/** What is to be played for a sound: a tone without end or for one cadence; a file once, whatever `endless` says. */
export function streamOf(sound: Sound, endless: boolean): string {
  switch (sound.kind) {
    case 'ringback':
      return tone(ringbackOf(sound.country), endless)
    case 'congestion':
      return tone(NORTH_AMERICAN.has(sound.country.toLowerCase()) ? REORDER : CONGESTION, endless)
    case 'busy':
      return tone(byCountry(BUSY, sound.country) ?? RECOMMENDED_BUSY, endless)
    case 'connecting':
      return tone(CONNECTING, endless)
    case 'silence':
      return `silence_stream://${endless ? -1 : SILENCE_MS}`
    case 'file':
      return fileOf(sound.path)
    default:
      return sound satisfies never
  }
}

/** A country's ringback in TGML; an unknown country gets what the ITU recommends. */
export function ringbackOf(country: string): string {
  return byCountry(RINGBACK, country) ?? RECOMMENDED
}

function byCountry(tones: Readonly<Record<string, string>>, country: string): string | undefined {
  const code = country.toLowerCase()
  return tones[ALIASES[code] ?? code]
}

function tone(cadence: string, endless: boolean): string {
  return `tone_stream://${cadence}${endless ? ';loops=-1' : ''}`
}
