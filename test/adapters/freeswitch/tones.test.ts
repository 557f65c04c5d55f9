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
  expect(streamOf({ kind: 'connecting' }, true)).toBe(
    `tone_stream://${tgml({ kind: 'connecting' })};loops=-1`,
  )
})

it.each([...countries, 'uk', 'GB', 'xx'])(
  'says busy as the embedded engine does in %s, for one cadence',
  (country) => {
    expect(streamOf({ kind: 'busy', country }, false)).toBe(
      `tone_stream://${tgml({ kind: 'busy', country })}`,
    )
  },
)

it('leaves a recording where it is, by its whole path', () => {
  expect(streamOf({ kind: 'file', path: '/srv/sounds/hello there.wav' }, true)).toBe(
    '/srv/sounds/hello there.wav',
  )
  expect(streamOf({ kind: 'file', path: 'hello.wav' }, false)).toMatch(/^\/.+\/hello\.wav$/)
})

it.each([
  '/srv/${system(reboot)}.wav',
  '{loops=9}/srv/a.wav',
  'http://example.com/a.wav',
  '/srv/a.wav\n\napi reboot',
  '',
])('plays no path that FreeSWITCH would take for more than a file: %j', (path) => {
  expect(() => streamOf({ kind: 'file', path }, false)).toThrow(/cannot be given the path/)
})
