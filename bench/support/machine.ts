import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'

/** What a result was measured on. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  readonly reveille: string
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
  }
}

export function describeMachine({ cpu, cores, memoryGb, system, node, reveille }: Machine): string {
  return `${cores} cores (${cpu}), ${memoryGb} GB, ${system}, Node ${node}, Reveille ${reveille}`
}
