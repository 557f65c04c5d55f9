import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Of proc_pid_stat(5), from behind the name on: utime is field 14 of all. */
const UTIME = 14 - 3
/** A tick of those times, seconds: USER_HZ is 100 on every Linux that Node runs on. */
const TICK = 0.01

/** A process and all that came of it, as it stands now. Empty where there is no such process. */
export function familyOf(pid: number): number[] {
  const children = tasksOf(pid).flatMap((task) => {
    const text = read(`/proc/${pid}/task/${task}/children`)
    return text.split(' ').filter(Boolean).map(Number)
  })
  return [pid, ...children.flatMap(familyOf)]
}

/** CPU of these processes so far, all threads of each, user and system, seconds. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? []
    return sum + (Number(fields[UTIME] ?? 0) + Number(fields[UTIME + 1] ?? 0)) * TICK
  }, 0)
}

/**
 * The most memory of these processes so far, kB: what they have now, and what each gave back since it had most. What
 * several share is counted once.
 */
export function peakKbOf(pids: readonly number[]): number {
  const returned = (pid: number): number =>
    kilobytes(`/proc/${pid}/status`, 'VmHWM') - kilobytes(`/proc/${pid}/status`, 'VmRSS')
  return pids.reduce((sum, pid) => sum + Math.max(0, returned(pid)), memoryKbOf(pids))
}

/** Memory of these processes now, kB; what several share is divided among them (proportional set size). */
export function memoryKbOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss'), 0)
}

/** Keeps a process, with all of its threads, to some cores (taskset(1)). @throws where that is not to be had. */
export function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['-a', '-p', '-c', cores, String(pid)], { stdio: 'ignore' })
}

function kilobytes(file: string, field: string): number {
  return Number(new RegExp(`^${field}: *\\s*(\\d+) kB`, 'm').exec(read(file))?.[1] ?? 0)
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

/** '' of a process that is gone: a measurement does not fail of one that ended while it was read. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isGone(error)) return ''
    throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
}
