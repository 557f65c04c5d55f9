import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, test } from 'vitest'

/** Programs of others that some suites need: Debian's package, and whether REVEILLE_REQUIRE_CLIENTS=1 asks for it. */
const programs = {
  sipp: { from: 'Debian: sip-tester', required: true },
  baresip: { from: 'Debian: baresip-core', required: true },
  chromium: { from: 'Debian: chromium', required: true },
  kamailio: { from: 'Debian: kamailio', required: false },
  freeswitch: { from: 'see freeswitch.org', required: false },
  drachtio: { from: 'see drachtio.org', required: false },
} as const

export type Program = keyof typeof programs

/**
 * A suite that needs `program`. Where it is not installed the suite is skipped, in a line that says so; with
 * REVEILLE_REQUIRE_CLIENTS=1, which is for machines that are meant to have SIPp, baresip and Chromium, it fails for them.
 */
export function describeWith(program: Program, name: string, suite: () => void): void {
  if (pathOf(program) !== undefined) {
    describe(name, suite)
    return
  }
  const { from, required } = programs[program]
  const missing = `${program} is not installed (${from})`
  if (required && process.env['REVEILLE_REQUIRE_CLIENTS'] === '1') {
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
