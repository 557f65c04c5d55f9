import { systemClock } from '../adapters/system/clock.js'
import type { Revocations } from '../clients/tokens/revocations.js'
import type { Tokens } from '../clients/tokens/tokens.js'
import type { Config, WatchedConfig } from '../config/index.js'
import type { Log } from '../ports/log.js'
import { createPresence, type PresenceService } from '../presence/service.js'
import { Notifier } from '../presence/sip/notifier.js'
import { createReadingGate } from '../presence/sip/reading-gate.js'
import type { Authenticator } from '../registrar/auth/authenticator.js'
import type { RoutingTable } from '../routing/table.js'
import type { Shared } from './database.js'
import { hasInstructions } from './instructions.js'
import type { Lifetime } from './lifetime.js'
import { passwords } from './outgoing.js'

/**
 * Presence; of users with rules, and of all where there are instructions, it is in memory from the start, so that a call
 * need not ask for it.
 */
export function openPresence(
  watched: WatchedConfig,
  { store, bus }: Shared,
  log: Log,
  life: Lifetime,
): PresenceService {
  const presence = life.own(createPresence({ store, bus, log, clock: systemClock }))
  presence.keep(ruled(watched.current()))
  life.onClose(watched.subscribe((config) => presence.keep(ruled(config))))
  return presence
}

function ruled(config: Config): readonly string[] {
  const { users } = config
  if (hasInstructions(config)) return [...users.keys()]
  return [...users].filter(([, { when }]) => when.length > 0).map(([name]) => name)
}

export interface NotifierParts {
  readonly watched: WatchedConfig
  readonly presence: PresenceService
  readonly table: () => RoutingTable
  readonly tokens: Tokens
  readonly revocations: Revocations
  /** Passwords. */
  readonly digest: Authenticator
  readonly log: Log
}

/** Presence by SIP. */
export function openNotifier(parts: NotifierParts, life: Lifetime): Notifier {
  const { watched, presence, table, tokens, revocations, digest, log } = parts
  const identify = createReadingGate({
    ...{ realm: watched.current().sip.domain, tokens, digest, revoked: revocations.revoked },
    passwordOf: (user) => passwords(watched)(user)?.password,
    trunkOf: (address) => {
      const trunk = table().trunkOf(address)
      return trunk?.presence === true ? trunk.name : undefined
    },
    watchedBy: (user) => watched.current().users.get(user)?.watches ?? [],
  })
  const userOf = (called: string): string | undefined => {
    const to = table().number(called)
    if (to?.kind === 'user') return to.user
    if (to?.kind === 'client') return to.client
    // Of a client of its own nothing need be configured.
    return to === undefined ? called : undefined
  }
  const notifier = life.own(new Notifier({ ...{ presence, identify, userOf, log }, clock: systemClock }))
  life.onClose(revocations.subscribe(() => notifier.recheck()))
  // The table has heard of the change before.
  life.onClose(watched.subscribe(() => notifier.recheck()))
  return notifier
}
