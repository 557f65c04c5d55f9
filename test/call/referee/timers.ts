import type { Effect } from '../../../src/call/effect.js'
import type { TimerId } from '../../../src/call/ids.js'
import type { Plan } from '../../../src/call/plan.js'
import { check } from './check.js'

const FIXED_MS: Readonly<Record<string, number>> = {
  reassure: 60_000,
  connect: 15_000,
  farewell: 5_000,
  settle: 40_000,
}

type Times = Pick<Plan, 'ringMs' | 'graceMs' | 'secondResponseMs'> & {
  readonly patienceMs: number
  readonly limitMs: number
}

function timeOf(name: string, { ringMs, graceMs, secondResponseMs, patienceMs, limitMs }: Times): number {
  if (name === 'hold') return ringMs
  if (name === 'forward') return patienceMs
  if (name === 'perform') return limitMs
  return name === 'second-response' ? secondResponseMs : graceMs
}

/** The timers that run, by what their id says they are for. */
export class Timers {
  readonly running = new Set<TimerId>()
  readonly stale: TimerId[] = []

  /** What fired; undefined for a stale id. */
  fire(id: TimerId): string | undefined {
    if (!this.running.delete(id)) return undefined
    this.stale.push(id)
    return nameOf(id)
  }

  asked(effect: Effect, times: Times): void {
    if (effect.type === 'stop-timer') {
      check(this.running.delete(effect.id), 'only a running timer is stopped', effect.id)
      this.stale.push(effect.id)
    }
    if (effect.type !== 'start-timer') return
    const { id, ms } = effect
    check(!this.running.has(id) && !this.stale.includes(id), 'timer ids are fresh', id)
    const name = nameOf(id)
    const expected = FIXED_MS[name] ?? timeOf(name, times)
    check(ms === expected, 'a timer runs as long as it should', `${id} ${ms}`)
    this.running.add(id)
  }

  /** Exactly these run. */
  settled(names: readonly string[]): void {
    const found = [...this.running].map(nameOf).sort().join(' ')
    const wanted = [...names].sort().join(' ')
    check(found === wanted, 'the timers of a phase run, and no others', `[${found}], not [${wanted}]`)
  }
}

function nameOf(id: TimerId): string {
  return id.slice(0, id.indexOf('#'))
}
