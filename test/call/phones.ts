import type { Arrival, Destination } from '../../src/call/destination.js'
import type { Choose } from './random.js'
import { app, contactOf, desk, OUTSIDE, userOf } from './vocabulary.js'

export const PHONES = ['alice', 'tablet', 'new', 'desk', 'lobby', 'bob', 'bobs-tablet'] as const

/** The phones around a call, and the flow that each has registered on last. */
export class Phones {
  private readonly flows = new Map<string, number>()
  /** Without push, so far. */
  private readonly plain = new Set<string>(['desk', 'lobby'])
  /** These come by an INVITE of their own. */
  private readonly callers: ReadonlySet<string>
  private last = 1

  constructor(private readonly choose: Choose) {
    this.callers = new Set(['alice', 'tablet', 'new', 'bob'].filter(() => choose(4) === 0))
  }

  /** Refreshes its registration, or registers on a new flow. */
  register(name: string): Arrival {
    const known = this.flows.get(name)
    const flow = known !== undefined && this.choose(3) === 0 ? known : this.newFlow(name)
    // A plain phone may register with push parameters one day: the same binding, a device now.
    if (this.plain.has(name) && this.choose(6) === 0) this.plain.delete(name)
    const device = this.plain.has(name)
      ? null
      : { deviceId: name, wakeable: this.choose(4) > 0, callsIn: this.callers.has(name) }
    return { user: userOf(name), device, contact: contactOf(name, flow) }
  }

  /** What a look-up may find. */
  found(): Destination[] {
    switch (this.choose(10)) {
      case 0:
        return []
      case 1:
        return [this.app('alice')]
      case 2:
        return [this.app('alice'), this.app('tablet')]
      case 3:
        return [this.desk(), this.app('alice')]
      case 4:
        return [this.desk()]
      case 5:
        return [OUTSIDE]
      case 6:
        return [OUTSIDE, this.app('tablet')]
      case 7:
        return [this.app('bob')]
      case 8:
        return [this.app('alice'), OUTSIDE, this.app('bob')]
      default:
        return [this.app('alice'), this.app('tablet'), this.app('bob')]
    }
  }

  private desk(): Destination {
    return desk('desk', this.flows.get('desk') ?? this.newFlow('desk'))
  }

  private app(name: string): Destination {
    const flow = this.choose(2) === 0 ? null : (this.flows.get(name) ?? this.newFlow(name))
    const how = {
      wakeable: this.choose(4) > 0,
      asleep: this.choose(3) === 0,
      callsIn: this.callers.has(name),
    }
    return app(name, flow, how)
  }

  private newFlow(name: string): number {
    this.flows.set(name, ++this.last)
    return this.last
  }
}
