import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Another living process has the directory open. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse'
}

interface Holder {
  readonly pid: number
  /** When the process started, in the kernel's ticks; null where /proc does not tell. Knows a pid used anew. */
  readonly started: string | null
}

/** Lock files that this very process holds. */
const held = new Set<string>()

/**
 * Makes this process the only holder of the lock file; a lock whose process is dead is taken over.
 *
 * @returns the function that releases it
 * @throws {@link DirectoryInUse} where a living process holds it
 */
export function lockDirectory(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const mine = `${file}.${String(process.pid)}`
  const self: Holder = { pid: process.pid, started: startOf(process.pid) }
  writeFileSync(mine, JSON.stringify(self))
  try {
    // A link is made whole or not at all: nobody ever reads a half-written lock.
    while (!linked(mine, file)) removeStale(file)
  } finally {
    rmSync(mine, { force: true })
  }
  held.add(file)
  return () => {
    if (held.delete(file)) unlinkSync(file)
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function removeStale(file: string): void {
  const seen = contentOf(file)
  if (seen === null) return
  const holder = parseHolder(seen)
  if (holder !== null && isAlive(holder, file)) {
    throw new DirectoryInUse(
      `${dirname(file)} is in use by process ${String(holder.pid)}; one process at a time can open it (lock file ${file})`,
    )
  }
  // Renamed rather than removed: two processes may judge the same lock at once, and the later one must notice
  // that what it took away is no longer what it judged.
  const aside = `${file}.stale.${String(process.pid)}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if (contentOf(aside) !== seen) linked(aside, file)
  rmSync(aside, { force: true })
}

function isAlive(holder: Holder, file: string): boolean {
  // In a container a restarted server may well have the pid of the one that was killed.
  if (holder.pid === process.pid) return held.has(file)
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  return holder.started === null || holder.started === startOf(holder.pid)
}

/** Field 22 of /proc/<pid>/stat, counted after the name, which may hold spaces and brackets itself. */
function startOf(pid: number): string | null {
  const stat = contentOf(`/proc/${String(pid)}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value)) return null
    if (typeof value.pid !== 'number' || !Number.isInteger(value.pid) || value.pid < 1) return null
    const started = 'started' in value && typeof value.started === 'string' ? value.started : null
    return { pid: value.pid, started }
  } catch (error) {
    // Cut short by a full disk or a crash of the machine: nobody holds it.
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
