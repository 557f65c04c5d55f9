import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { PROGRAM, ROOT } from '../support/process.js'

const run = promisify(execFile)

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with a fresh database in it, which tests copy: to make one takes PGlite seconds. */
    readonly database: string
  }
}

/** Once a run: builds the program as it is shipped, and makes the database that every site begins with. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  await build()
  const directory = await mkdtemp(join(tmpdir(), 'reveille-database-'))
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true })
  try {
    const config = join(directory, 'reveille.yaml')
    await writeFile(config, 'database: {path: ./data}\n')
    await run(process.execPath, [PROGRAM, 'migrate', '--config', config], { cwd: directory })
  } catch (error) {
    await remove()
    throw error
  }
  provide('database', join(directory, 'data'))
  return remove
}

async function build(): Promise<void> {
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
