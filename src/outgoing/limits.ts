import type { Clock } from '../ports/clock.js'
import type { CallingRefusal } from '../ports/client-calls.js'
import { begins } from '../routing/dialled.js'
import type { Wanted } from './destination.js'
import { RateWindow } from './rate-window.js'
import { refuse } from './refusal.js'

/** Of all clients together, to numbers that begin so. */
export interface PrefixLimit {
  readonly prefix: string
  readonly calls?: number
  readonly perMinute?: number
}

export interface LimitedCall {
  /** Name of the client. */
  readonly client: string
  /** The most calls that it may have at once. */
  readonly calls: number
  readonly wanted: Wanted
  readonly prefixes: readonly PrefixLimit[]
}

/** Counts calls and attempts by client and by prefix, on this node and since it was started. */
export class CallLimits {
  readonly #attempts: RateWindow
  readonly #calls = new Map<string, number>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#attempts = new RateWindow(clock)
  }

  /** A client tries to call, wherever to. `perMinute`: the most that it may try. */
  attempt(client: string, perMinute: number): CallingRefusal | undefined {
    const waitMs = this.#attempts.take(clientKey(client), perMinute)
    return waitMs === 0
      ? undefined
      : refuse('too-many-attempts', `${client} called ${perMinute} times within a minute`, waitMs)
  }

  /** Counts a call; the function that it resolves to ends it, once. A refused one counts nowhere as a call. */
  begin({ client, calls, wanted, prefixes }: LimitedCall): (() => void) | CallingRefusal {
    const hit = wanted.kind === 'number' ? prefixes.filter((one) => begins(one.prefix, wanted)) : []
    if (this.#at(clientKey(client)) >= calls) {
      return refuse('too-many-calls', `${client} has ${calls} calls already`)
    }
    for (const { prefix, calls: most } of hit) {
      if (most !== undefined && this.#at(prefixKey(prefix)) >= most) {
        return refuse('too-many-calls', `there are ${most} calls to ${prefix} already`)
      }
    }
    for (const { prefix, perMinute } of hit) {
      const waitMs = perMinute === undefined ? 0 : this.#attempts.take(prefixKey(prefix), perMinute)
      if (waitMs > 0) return refuse('too-many-attempts', `too many calls a minute to ${prefix}`, waitMs)
    }
    return this.#count([clientKey(client), ...hit.map(({ prefix }) => prefixKey(prefix))])
  }

  #at(key: string): number {
    return this.#calls.get(key) ?? 0
  }

  #count(keys: readonly string[]): () => void {
    for (const key of keys) this.#calls.set(key, this.#at(key) + 1)
    let over = false
    return () => {
      if (over) return
      over = true
      for (const key of keys) {
        const left = this.#at(key) - 1
        if (left > 0) this.#calls.set(key, left)
        else this.#calls.delete(key)
      }
    }
  }
}

function clientKey(client: string): string {
  return `client ${client}`
}

function prefixKey(prefix: string): string {
  return `prefix ${prefix}`
}
