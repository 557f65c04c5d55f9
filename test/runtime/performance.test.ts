import { describe, expect, test } from 'vitest'
import type { Gather, Performance } from '../../src/call/performance.js'
import type { MediaEndpoint, PerformanceEnd, Sound } from '../../src/ports/media.js'
import { RunningPerformance } from '../../src/runtime/performance.js'
import { FakeClock } from '../support/fake-clock.js'

const GATHER: Gather = {
  kind: 'gather',
  prompts: [{ kind: 'file', path: '/menu.wav' }],
  times: 1,
  maxDigits: 3,
  finishOn: '#',
  timeoutMs: 5_000,
}

/** An endpoint whose sounds end when the test says so, or another sound begins. */
function speaker(fails?: Error) {
  const heard: Sound[] = []
  let end: (how: PerformanceEnd) => void = () => undefined
  const endpoint: Pick<MediaEndpoint, 'play' | 'perform'> = {
    play(sound) {
      heard.push(sound)
      end('stopped')
      return Promise.resolve()
    },
    perform(sounds) {
      heard.push(...sounds)
      if (fails !== undefined) return Promise.reject(fails)
      return new Promise((resolve) => (end = resolve))
    },
  }
  return { heard, finish: () => end('finished'), endpoint: endpoint as MediaEndpoint }
}

function begin(performance: Performance, fails?: Error) {
  const clock = new FakeClock()
  const { heard, finish, endpoint } = speaker(fails)
  const running = new RunningPerformance(performance, endpoint, clock, 'uk')
  return { clock, heard, finish, running, outcome: running.run() }
}

/** Lets what was resolved be heard of. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('what a caller hears and dials with nobody else there', () => {
  test('a recording is heard to its end, and a tone is that of the country', async () => {
    const { heard, finish, outcome } = begin({
      kind: 'play',
      times: 1,
      sounds: [
        { kind: 'file', path: '/a.wav' },
        { kind: 'tone', name: 'busy' },
      ],
    })
    finish()
    expect(await outcome).toEqual({ digits: '', finished: true })
    expect(heard).toEqual([
      { kind: 'file', path: '/a.wav' },
      { kind: 'busy', country: 'uk' },
    ])
  })

  test('a recording that cannot be played is passed over, and the reason is kept', async () => {
    const { outcome } = begin({ kind: 'play', times: 1, sounds: [] }, new Error('no such file'))
    expect(await outcome).toEqual({ digits: '', finished: true, problem: 'no such file' })
  })

  test('a pause is over after its time', async () => {
    const { clock, outcome } = begin({ kind: 'pause', ms: 2_000 })
    await settle()
    clock.advance(2_000)
    expect(await outcome).toEqual({ digits: '', finished: true })
  })

  test('a stopped pause is over at once', async () => {
    const { clock, running, outcome } = begin({ kind: 'pause', ms: 2_000 })
    await settle()
    running.stop()
    expect(await outcome).toEqual({ digits: '', finished: false })
    expect(clock.pending).toBe(0)
  })

  test('who dials during the prompt hears no more of it', async () => {
    const { heard, running, outcome } = begin(GATHER)
    running.digit('1')
    expect(heard.at(-1)).toEqual({ kind: 'silence' })
    running.digit('2')
    running.digit('3')
    expect(await outcome).toEqual({ digits: '123', finished: true })
  })

  test('the key that ends the dialling is none of the digits', async () => {
    const { running, outcome } = begin(GATHER)
    running.digit('7')
    running.digit('#')
    expect(await outcome).toEqual({ digits: '7', finished: true, finishedOn: '#' })
  })

  test('nobody dials: it is over so long after the prompt', async () => {
    const { clock, finish, outcome } = begin(GATHER)
    clock.advance(60_000)
    finish()
    await settle()
    clock.advance(4_999)
    expect(clock.pending).toBe(1)
    clock.advance(1)
    expect(await outcome).toEqual({ digits: '', finished: true })
  })

  test('each digit gives the next one its full time', async () => {
    const { clock, running, outcome } = begin(GATHER)
    running.digit('4')
    await settle()
    clock.advance(4_000)
    running.digit('5')
    clock.advance(4_000)
    expect(clock.pending).toBe(1)
    clock.advance(1_000)
    expect(await outcome).toEqual({ digits: '45', finished: true })
  })

  test('a digit after the end is none of it, and leaves what is heard then alone', async () => {
    const { heard, running, outcome } = begin(GATHER)
    running.digit('#')
    await outcome
    const before = heard.length
    running.digit('9')
    running.stop()
    expect(heard).toHaveLength(before)
    expect(await outcome).toEqual({ digits: '', finished: true, finishedOn: '#' })
  })
})
