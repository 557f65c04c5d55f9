import { expect, it } from 'vitest'
import { ringbackOf, streamOf } from '../../../src/adapters/freeswitch/tones.js'
import { countries, planTone } from '../../../src/embedded/media/tones/plan.js'
import type { ToneSegment, ToneSpec } from '../../../src/embedded/media/types.js'

/** A cadence of the embedded engine in FreeSWITCH's notation; a modulated tone becomes two that beat. */
function tgml(spec: ToneSpec): string {
  const plan = planTone(spec)
  if (plan.kind !== 'cadence') throw new Error('no cadence')
  const parts: { on: ToneSegment; off: number }[] = []
  for (const segment of plan.segments) {
    const last = parts.at(-1)
    if (segment.frequencies.length > 0) parts.push({ on: segment, off: 0 })
    else if (last !== undefined) last.off += segment.ms
  }
  return parts
    .map(({ on, off }) => `%(${[on.ms, off, ...on.frequencies.flatMap((hz) => beats(hz, on))].join(',')})`)
    .join(';')
}

function beats(hz: number, { modulation }: ToneSegment): number[] {
  return modulation === undefined ? [hz] : [hz - modulation / 2, hz + modulation / 2]
}

it.each([...countries, 'uk', 'GB', 'xx'])('rings as the embedded engine does in %s', (country) => {
  expect(ringbackOf(country)).toBe(tgml({ kind: 'ringback', country }))
})

it('says that somebody accepted as the embedded engine does, without end', () => {
  expect(streamOf({ kind: 'connecting' })).toBe(`tone_stream://${tgml({ kind: 'connecting' })};loops=-1`)
})
