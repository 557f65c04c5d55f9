import { existsSync, readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { say } from './command.js'

/** Field 41 of all, the first behind the name being 3. */
const POLICY = 41 - 3

/** What a result was measured on. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  readonly reveille: string
  /** Processes that wanted a core in the minute before, on the average. */
  readonly load: number
  /** All processes of the run go ahead of those that keep the machine busy (sched(7)). */
  readonly realTime: boolean
}

export function thisMachine(): Machine {
  const all = cpus()
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${/^\d+\.\d+/.exec(release())?.[0] ?? ''}`,
    node: process.versions.node,
    reveille: manifest.version,
    load: loadavg()[0] ?? NaN,
    realTime: isRealTime(),
  }
}

/** By the policy in proc_pid_stat(5), counted from behind the name, which may hold spaces; false but on Linux. */
function isRealTime(): boolean {
  const file = '/proc/self/stat'
  if (!existsSync(file)) return false
  const fields = readFileSync(file, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ['1', '2'].includes(fields[POLICY] ?? '')
}

/** What to say of a machine that others keep busy; undefined where it is idle enough. */
export function busyWarning({ load, cores, realTime }: Machine): string | undefined {
  if (load < cores / 2) return undefined
  const busy = `The machine was busy before the run began: ${load.toFixed(1)} processes on ${cores} cores.`
  return realTime
    ? `${busy} The run went ahead of them, at real-time priority.`
    : `${busy} Waiting for a core is in these figures.`
}

/** The machine that is to be measured on, said where others keep it busy. */
export function machineOfRun(): Machine {
  const machine = thisMachine()
  const warning = busyWarning(machine)
  if (warning !== undefined) say(warning)
  return machine
}

export function describeMachine({ cpu, cores, memoryGb, system, node, reveille }: Machine): string {
  return `${cores} cores (${cpu}), ${memoryGb} GB, ${system}, Node ${node}, Reveille ${reveille}`
}
