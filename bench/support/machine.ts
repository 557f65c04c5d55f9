import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'

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
    system: `${type()} ${release()}`,
    node: process.versions.node,
    reveille: manifest.version,
    load: loadavg()[0] ?? NaN,
  }
}

/** What to say of a machine that others keep busy; undefined where it is idle enough. */
export function busyWarning({ load, cores }: Machine): string | undefined {
  if (load < cores / 2) return undefined
  return `The machine was busy before the run began: ${load.toFixed(1)} processes on ${cores} cores. Waiting for a core is in these figures.`
}

export function describeMachine({ cpu, cores, memoryGb, system, node, reveille }: Machine): string {
  return `${cores} cores (${cpu}), ${memoryGb} GB, ${system}, Node ${node}, Reveille ${reveille}`
}
