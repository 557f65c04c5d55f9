import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROGRAM, ROOT } from '../support/process.js'

const run = promisify(execFile)

/** Once a run: builds the program as it is shipped. */
export default async function setup(): Promise<void> {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  try {
    await run(process.execPath, [compiler, '-p', join(ROOT, 'tsconfig.build.json')], { cwd: ROOT })
  } catch (error) {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : ''
    throw new Error(`the program cannot be built:\n${said}`, { cause: error })
  }
  // What the compiler took for up to date may have been removed by hand.
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: remove dist and build again`)
}
