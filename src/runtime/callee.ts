import type { Contact } from '../call/destination.js'
import type { Ending } from '../call/ending.js'
import { isNextMember, type RouteTarget } from '../call/plan.js'
import type { Binding, Device } from '../ports/store.js'
import type { Routed } from '../routing/router.js'
import type { Diverted } from './diversion.js'

/** What is known of those who are called: the target, the ones before it, their devices and bindings. */
export class Callee {
  diverted: readonly Diverted[] = []
  private devices: readonly Device[] = []
  private bindings: readonly Binding[] = []
  private target: RouteTarget | undefined
  /** Whom those who are called see as the caller, where instructions say so. */
  callerId: string | undefined

  constructor(private readonly domain: string) {}

  /** The call goes on to a target; `after`: what became of the one before. */
  goOnTo(target: RouteTarget, after: Ending | null): void {
    // The next member of a group in turn: the call stays with the group that it came to.
    if (isNextMember(target)) return
    if (after !== null && this.target !== undefined)
      this.diverted = [...this.diverted, { uri: this.uriOf(this.target), after }]
    this.target = target
  }

  /** Of the target that the call is at now. */
  get uri(): string {
    if (this.target === undefined) throw new Error('the call has no target yet')
    return this.uriOf(this.target)
  }

  /** The call goes on to those that a target came to. */
  goOnWith(routed: Pick<Routed, 'devices' | 'bindings' | 'callerId'>): void {
    this.callerId = routed.callerId
    this.learn(routed)
  }

  learn({ devices, bindings }: Pick<Routed, 'devices' | 'bindings'>): void {
    this.devices = renewed(this.devices, devices, (a, b) => a.id === b.id)
    this.bindings = renewed(this.bindings, bindings, isSame)
  }

  device(id: string): Device | undefined {
    return this.devices.find((device) => device.id === id)
  }

  /** The binding that a contact of the machine is the snapshot of. */
  binding(contact: Contact): Binding | undefined {
    return this.bindings.find((binding) => isSame(binding, contact))
  }

  private uriOf(target: RouteTarget): string {
    switch (target.kind) {
      case 'number':
      case 'subscriber':
        return `sip:${target.number}@${this.domain}`
      case 'user':
        return `sip:${target.user}@${this.domain}`
      case 'group':
        return `sip:${target.group}@${this.domain}`
      case 'client':
        return `sip:${target.client}@${this.domain}`
      case 'instructions':
        return `sip:${target.name}@${this.domain}`
      case 'outside':
        return target.uri
      default:
        return target satisfies never
    }
  }
}

function isSame(a: Contact, b: Contact): boolean {
  return a.bindingId === b.bindingId && a.flow === b.flow
}

/** What is known by now. It is a handful, and of most calls what the first look-up found. */
function renewed<T>(known: readonly T[], news: readonly T[], same: (a: T, b: T) => boolean): readonly T[] {
  if (news.length === 0) return known
  if (known.length === 0) return news
  return [...known.filter((one) => !news.some((other) => same(one, other))), ...news]
}
