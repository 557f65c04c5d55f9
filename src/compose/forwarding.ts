import { systemClock } from '../adapters/system/clock.js'
import type { Ending } from '../call/ending.js'
import type { ClientHub } from '../clients/hub/client-hub.js'
import type { WatchedConfig } from '../config/index.js'
import { createForwarding, type ForwardedAs, type Forwarding } from '../forwarding/service.js'
import { subscriberTable } from '../forwarding/subscribers.js'
import { testDial } from '../forwarding/test-dial.js'
import type { Log } from '../ports/log.js'
import type { PushSender } from '../ports/push.js'
import type { Signaling, SipRequest } from '../ports/signaling.js'
import { outsideNumber } from '../routing/outside.js'
import type { RoutingTable, Trunk } from '../routing/table.js'
import type { Calls } from '../runtime/calls.js'
import type { PrimaryCalls } from '../runtime/services.js'
import type { Shared } from './database.js'
import type { Lifetime } from './lifetime.js'
import { uuid } from '../uuid.js'

/** Primary calls need the calls, and these primary calls: until both are there, every INVITE is an ordinary one. */
export class LateForwarding implements PrimaryCalls {
  private known: PrimaryCalls | undefined

  use(forwarding: PrimaryCalls): void {
    this.known = forwarding
  }

  match(invite: SipRequest, called: string, trunk: Trunk): ForwardedAs {
    const ordinary = { kind: 'target', target: { kind: 'number', number: called } } as const
    return this.known?.match(invite, called, trunk) ?? ordinary
  }

  instruct(callId: string): void {
    this.known?.instruct(callId)
  }

  forwarded(callId: string): void {
    this.known?.forwarded(callId)
  }

  ended(callId: string, ending: Ending): void {
    this.known?.ended(callId, ending)
  }
}

export interface ForwardingDeps {
  readonly watched: WatchedConfig
  readonly shared: Shared
  readonly calls: Calls
  readonly signaling: Signaling
  readonly table: () => RoutingTable
  readonly senders: ReadonlyMap<string, PushSender>
  readonly hub: Pick<ClientHub, 'offer'>
  readonly log: Log
}

export function openForwarding(deps: ForwardingDeps, life: Lifetime): Forwarding {
  const { watched, shared, calls, signaling, table, senders, hub, log } = deps
  const { store, bus } = shared
  let subscribers = subscriberTable(watched.current())
  life.onClose(watched.subscribe((config) => (subscribers = subscriberTable(config))))
  return life.own(
    createForwarding({
      ...{ store, bus, senders, calls, log, clock: systemClock, ids: uuid },
      subscribers: () => subscribers,
      lives: (id) => calls.lives(id),
      offer: (deviceId, message, expiresAt) => hub.offer(deviceId, message, expiresAt),
      dial: testDial(
        signaling,
        (name) => table().trunk(name),
        (trunk, number) => outsideNumber(table().trunk(trunk), number)?.uri,
        watched.current().sip.domain,
      ),
    }),
  )
}
