import type { CodesDialled } from '../ports/forwarding-control.js'
import type { Clock } from '../ports/clock.js'
import type { ForwardingRegistration, PrimaryCallStore } from '../ports/primary-calls.js'
import type { Subscriber } from './subscribers.js'

/** Whether the forwarding of subscribers is known to work. All methods reject with StoreUnavailable. */
export class Registrations {
  constructor(
    private readonly store: Pick<PrimaryCallStore, 'forwarding' | 'putForwarding'>,
    private readonly clock: Clock,
  ) {}

  /** `unknown` where nothing was heard, or of another DID only. */
  async of({ number, did }: Subscriber): Promise<ForwardingRegistration> {
    const known = await this.store.forwarding(number)
    if (known !== null && known.did === did) return known
    return { subscriber: number, did, state: 'unknown', since: 0, detail: null }
  }

  /** A secondary that takes the call would wait in vain where it is not so. */
  async mayInstruct(subscriber: Subscriber): Promise<boolean> {
    const { state } = await this.of(subscriber)
    return state === 'reported' || state === 'confirmed'
  }

  async reported(
    subscriber: Subscriber,
    dialled: CodesDialled,
    detail: string | null,
  ): Promise<ForwardingRegistration> {
    switch (dialled) {
      case 'accepted': {
        const known = await this.of(subscriber)
        // A call that has arrived says more than the network's word.
        return known.state === 'confirmed' ? known : this.#put(subscriber, 'reported', detail)
      }
      case 'refused':
        return this.#put(subscriber, 'failed', detail)
      case 'erased':
        return this.#put(subscriber, 'unknown', detail)
      default:
        return dialled satisfies never
    }
  }

  /** A forwarded call has arrived. */
  async confirmed(subscriber: Subscriber): Promise<void> {
    const { state } = await this.of(subscriber)
    if (state !== 'confirmed') await this.#put(subscriber, 'confirmed', null)
  }

  async failed(subscriber: Subscriber, detail: string): Promise<void> {
    await this.#put(subscriber, 'failed', detail)
  }

  async #put(
    { number, did }: Subscriber,
    state: ForwardingRegistration['state'],
    detail: string | null,
  ): Promise<ForwardingRegistration> {
    const registration = { subscriber: number, did, state, detail, since: this.clock.now() }
    await this.store.putForwarding(registration)
    return registration
  }
}
