import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { PATIENCE_MS, reveille } from '../support/process.js'

interface Summary {
  readonly result: string
  readonly stages: Readonly<Record<string, number>>
  readonly rtp: { readonly callerReceived: number; readonly phoneReceived: number }
}

test(
  'the demo makes a real call, prints it as one JSON object, and leaves nothing behind',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'reveille-demo-test-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const { code, out, err } = await reveille(['demo', '--json'], directory)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const { result, stages, rtp } = JSON.parse(out) as Summary
    expect(result).toBe('bridged')
    const times = ['pushed', 'registered', 'invited', 'answered', 'ended'].map(
      (stage) => stages[stage] ?? NaN,
    )
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(rtp.callerReceived).toBeGreaterThan(0)
    expect(rtp.phoneReceived).toBeGreaterThan(0)
    expect(await readdir(directory)).toEqual([])
  },
  PATIENCE_MS,
)

interface ForwardingSummary {
  readonly result: string
  readonly stages: Readonly<Record<string, number>>
  readonly heard: { readonly taker: string; readonly caller: string }
}

test(
  'the demo of forwarding fetches a real call from a cell phone, and each side hears the other',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'reveille-demo-test-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const { code, out, err } = await reveille(['demo', 'forwarding', '--json'], directory)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const { result, stages, heard } = JSON.parse(out) as ForwardingSummary
    expect(result).toBe('joined')
    const times = ['reported', 'notified', 'instructed', 'forwarded', 'joined', 'ended'].map(
      (stage) => stages[stage] ?? NaN,
    )
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(heard.taker).toContain('800 Hz')
    expect(heard.caller).toContain('1000 Hz')
    expect(await readdir(directory)).toEqual([])
  },
  PATIENCE_MS,
)
