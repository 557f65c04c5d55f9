import { systemClock } from '../adapters/system/clock.js'
import type { ClientHub } from '../clients/hub/client-hub.js'
import type { Tokens } from '../clients/tokens/tokens.js'
import type { WatchedConfig } from '../config/index.js'
import type { Metrics } from '../observe/metrics.js'
import { CallingGate } from '../outgoing/calling-gate.js'
import { ChannelCalls } from '../outgoing/channel-calls.js'
import { createClientBearer } from '../outgoing/client-bearer.js'
import { Outgoing } from '../outgoing/outgoing.js'
import type { Bus } from '../ports/bus.js'
import type { ClientMessageStore } from '../ports/client-messages.js'
import type { Log } from '../ports/log.js'
import type { Authenticator } from '../registrar/auth/authenticator.js'
import { createDigest } from '../registrar/auth/digest.js'
import { createGate } from '../registrar/gate.js'
import { withDefaults } from '../registrar/limits.js'
import type { UserLookup } from '../registrar/user.js'
import type { RoutingTable } from '../routing/table.js'
import type { Calls } from '../runtime/calls.js'
import type { Lifetime } from './lifetime.js'
import { uuid } from '../uuid.js'

/** Passwords, as REGISTER and INVITE ask for them: one count of guesses and nonces for both. */
export function openDigest(watched: WatchedConfig, nonceSecret: Uint8Array): Authenticator {
  const { domain: realm, registration, digest: algorithms } = watched.current().sip
  const { nonceLifetime } = withDefaults(registration)
  return createDigest({
    ...{ realm, nonceLifetime, nonceSecret, algorithms, clock: systemClock },
    users: () => passwords(watched),
  })
}

/** Of users who have one. */
export function passwords(watched: WatchedConfig): UserLookup {
  return (name) => {
    const user = watched.current().users.get(name)
    return user?.password === undefined ? undefined : { name, password: user.password }
  }
}

export interface OutgoingParts {
  readonly watched: WatchedConfig
  readonly tokens: Tokens
  readonly digest: Authenticator
  readonly table: () => RoutingTable
  readonly metrics: Pick<Metrics, 'outgoingRefused'>
  readonly log: Log
}

/** Who may call whom, and the INVITEs of those who may. */
export function openOutgoing(parts: OutgoingParts): { outgoing: Outgoing; calling: CallingGate } {
  const { watched, tokens, digest, table, metrics, log } = parts
  const realm = watched.current().sip.domain
  const isUser = (name: string): boolean => watched.current().users.has(name)
  const outgoing = new Outgoing({
    ...{ table, log, clock: systemClock },
    settings: () => watched.current().outgoing,
    trunks: () => [...watched.current().trunks.keys()],
    displayName: (user) => watched.current().users.get(user)?.name,
    refused: (why) => metrics.outgoingRefused(why),
  })
  const calling = new CallingGate({
    ...{ outgoing, realm },
    gate: createGate([createClientBearer({ realm, tokens, isUser }), digest]),
    policyOf: (user) => watched.current().users.get(user)?.outgoing,
  })
  return { outgoing, calling }
}

export interface ChannelCallsParts {
  readonly watched: WatchedConfig
  readonly outgoing: Outgoing
  readonly calls: Calls
  readonly bus: Bus
  readonly log: Log
  readonly tell: ClientHub['tell']
  readonly store: Pick<ClientMessageStore, 'awaySince'>
}

/** Calls over channels. */
export function openChannelCalls(parts: ChannelCallsParts, life: Lifetime): ChannelCalls {
  const { watched, outgoing, calls, bus, log, tell, store } = parts
  const { sip, database } = watched.current()
  const channelCalls = new ChannelCalls({
    ...{ outgoing, bus, log, tell, clock: systemClock, ids: uuid, domain: sip.domain },
    isUser: (name) => watched.current().users.has(name),
    place: (id, invite, permitted, over) => calls.place(id, invite, permitted, over),
    awaySince: (client) => store.awaySince(client),
    draining: () => calls.draining,
    shared: database.engine === 'postgres',
  })
  life.onClose(bus.subscribe((message) => channelCalls.heard(message)))
  return channelCalls
}
