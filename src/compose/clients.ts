import { systemClock } from '../adapters/system/clock.js'
import { QUEUE_LIMITS } from '../clients/channel/limits.js'
import { createDevices } from '../clients/devices/devices.js'
import type { ClientHub } from '../clients/hub/client-hub.js'
import { createClientHub } from '../clients/hub/hub.js'
import type { Revocations } from '../clients/tokens/revocations.js'
import type { Tokens } from '../clients/tokens/tokens.js'
import type { WatchedConfig } from '../config/index.js'
import type { ClientApi } from '../http/index.js'
import { createChannelUpgrade } from '../http/channel/upgrade.js'
import { callRoutes } from '../http/routes/calls.js'
import { clientChannel } from '../http/routes/client-channel.js'
import { clientMessages } from '../http/routes/client-messages.js'
import { deviceRoutes } from '../http/routes/devices.js'
import { forwardingRoutes } from '../http/routes/forwarding.js'
import { invitationRoutes } from '../http/routes/invitations.js'
import { presenceRoutes } from '../http/routes/presence.js'
import { primaryCallRoutes } from '../http/routes/primary-calls.js'
import { createInvitations } from '../invitation/service.js'
import type { GaugeSources } from '../observe/gauges.js'
import type { Outgoing } from '../outgoing/outgoing.js'
import type { Log } from '../ports/log.js'
import type { PresenceControl } from '../ports/presence.js'
import type { PushSender } from '../ports/push.js'
import type { Signaling } from '../ports/signaling.js'
import type { RoutingTable } from '../routing/table.js'
import { createCallControl } from '../runtime/call-control.js'
import type { Calls } from '../runtime/calls.js'
import type { AppChannels } from '../wake/waker.js'
import { every, FORGET_MS } from './housekeeping.js'
import type { Shared } from './database.js'
import { type LateForwarding, openForwarding } from './forwarding.js'
import type { Lifetime } from './lifetime.js'
import { openChannelCalls } from './outgoing.js'
import { tokenRoutes } from './tokens.js'
import { uuid } from '../uuid.js'

/** The hub needs the calls, and these the hub: until both are there, no app has a channel. */
export class LateChannels implements AppChannels {
  private hub: Pick<ClientHub, 'offerCall' | 'tellEnding' | 'gauges'> | undefined

  /** @param shared other nodes may have the channel of a device */
  constructor(private readonly shared: boolean) {}

  use(hub: Pick<ClientHub, 'offerCall' | 'tellEnding' | 'gauges'>): void {
    this.hub = hub
  }

  offerCall(
    deviceId: string,
    payload: Readonly<Record<string, unknown>>,
    expiresAt: number,
  ): Promise<'taken' | 'no-channel'> | undefined {
    // What is known without the database costs a call no time.
    if (this.hub === undefined || (!this.shared && this.hub.gauges.channels === 0)) return undefined
    return this.hub.offerCall(deviceId, payload, expiresAt)
  }

  async tellEnding(deviceId: string, payload: Readonly<Record<string, unknown>>): Promise<void> {
    await this.hub?.tellEnding(deviceId, payload)
  }
}

export interface ClientsDeps {
  readonly shared: Shared
  readonly watched: WatchedConfig
  readonly tokens: Tokens
  readonly revocations: Revocations
  readonly calls: Calls
  readonly outgoing: Outgoing
  readonly presence: PresenceControl
  readonly signaling: Signaling
  readonly table: () => RoutingTable
  /** Is told of primary calls. */
  readonly forwarding: LateForwarding
  readonly senders: ReadonlyMap<string, PushSender>
  readonly channels: LateChannels
  /** Base URL of the client API. */
  readonly api: () => string
  readonly log: Log
}

export interface Clients {
  readonly api: ClientApi
  readonly gauges: NonNullable<GaugeSources['clients']>
  /** Sends the apps with a channel away; an HTTP server with open channels would not close. */
  close(): Promise<void>
}

/** What apps may do by HTTP and by their channel. */
export function openClients(deps: ClientsDeps, life: Lifetime): Clients {
  const { shared, tokens, revocations, calls, senders, log } = deps
  const { store, bus } = shared
  const clock = systemClock
  const control = createCallControl({
    ...{ calls, store, bus, log, clock, ids: uuid },
    shared: deps.watched.current().database.engine === 'postgres',
  })
  life.onClose(bus.subscribe((message) => control.heard(message)))
  const pushProviders = (): ReadonlySet<string> => new Set(senders.keys())
  const devices = createDevices({ ...{ store, bus, log, clock, pushProviders } })
  const invitations = life.own(
    createInvitations({
      ...{ store, bus, senders, clock, log, api: deps.api, limits: QUEUE_LIMITS },
      offer: (deviceId, message, expiresAt) => hub.offer(deviceId, message, expiresAt),
      mintInvitation: (claims) => tokens.mintInvitation(claims),
    }),
  )
  const channelUpgrade = createChannelUpgrade(
    { connect: (socket) => hub.connect(socket) },
    deps.watched.current().http.origins,
  )
  const { watched, outgoing } = deps
  const clientCalls = openChannelCalls(
    { watched, outgoing, calls, bus, log, store, tell: (...what) => hub.tell(...what) },
    life,
  )
  const hub: ClientHub = createClientHub({
    ...{ store, bus, tokens, revocations, calls: control, clientCalls, invitations, clock, log },
    presence: deps.presence,
  })
  deps.channels.use(hub)
  const forwarding = openForwarding({ ...deps, hub }, life)
  deps.forwarding.use(forwarding)
  invitations.start()
  life.onClose(every(FORGET_MS, () => Promise.all([hub.forget(), invitations.forget()]), log))
  const routes = [
    ...callRoutes({ calls: control, clock }),
    ...deviceRoutes(devices),
    ...tokenRoutes(deps.watched, { tokens, revocations }),
    ...invitationRoutes(invitations, store),
    ...forwardingRoutes(forwarding, store),
    ...primaryCallRoutes(forwarding, store),
    clientChannel(),
    clientMessages(hub),
    ...presenceRoutes(deps.presence),
  ]
  return {
    api: { tokens, routes, upgrade: channelUpgrade.upgrade },
    gauges: () => ({ ...hub.gauges, invitations: invitations.pending }),
    async close() {
      await hub.close()
      channelUpgrade.close()
    },
  }
}
