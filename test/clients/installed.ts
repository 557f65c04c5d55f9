import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, test } from 'vitest'

/** Programs of others that some suites need; Debian's packages of them. */
const packages = { sipp: 'sip-tester', baresip: 'baresip-core' } as const

export type Program = keyof typeof packages

/**
 * A suite that needs `program`. Where it is not installed the suite is skipped, in a line that says so; with
 * REVEILLE_REQUIRE_CLIENTS=1, which is for machines that are meant to have it, it fails.
 */
export function describeWith(program: Program, name: string, suite: () => void): void {
  if (pathOf(program) !== undefined) {
    describe(name, suite)
    return
  }
  const missing = `${program} is not installed (Debian: ${packages[program]})`
  if (process.env['REVEILLE_REQUIRE_CLIENTS'] === '1') {
    test(name, () => {
      throw new Error(missing)
    })
    return
  }
  process.stderr.write(`left out: ${name}: ${missing}\n`)
  describe.skip(name, suite)
}

/** The executable of that name on the PATH. */
export function pathOf(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, program)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
