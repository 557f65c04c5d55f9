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
