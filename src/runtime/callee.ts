import type { Contact } from '../call/destination.js'
import type { Ending } from '../call/ending.js'
import { isNextMember, type RouteTarget } from '../call/plan.js'
import type { Binding, Device } from '../ports/store.js'
import type { Routed } from '../routing/router.js'
import type { Diverted } from './diversion.js'

/** What is known of those who are called: the target, the ones before it, their devices and bindings. */
export class Callee {
  readonly diverted: Diverted[] = []
  private readonly devices = new Map<string, Device>()
  private readonly bindings = new Map<string, Binding>()
  private target: RouteTarget | undefined
  /** Whom those who are called see as the caller, where instructions say so. */
  callerId: string | undefined

  constructor(private readonly domain: string) {}

  /** The call goes on to a target; `after`: what became of the one before. */
  goOnTo(target: RouteTarget, after: Ending | null): void {
    // The next member of a group in turn: the call stays with the group that it came to.
    if (isNextMember(target)) return
    if (after !== null && this.target !== undefined)
      this.diverted.push({ uri: this.uriOf(this.target), after })
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
    for (const device of devices) this.devices.set(device.id, device)
    for (const binding of bindings) this.bindings.set(keyOf(binding), binding)
  }

  device(id: string): Device | undefined {
    return this.devices.get(id)
  }

  /** The binding that a contact of the machine is the snapshot of. */
  binding(contact: Contact): Binding | undefined {
    return this.bindings.get(keyOf(contact))
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

function keyOf({ bindingId, flow }: Contact): string {
  return `${bindingId} ${flow}`
}
