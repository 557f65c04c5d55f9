import { systemClock } from '../adapters/system/clock.js'
import { createIssuer } from '../clients/tokens/issuer.js'
import { loadTokenKeys } from '../clients/tokens/keys.js'
import { createRevocations, type Revocations } from '../clients/tokens/revocations.js'
import { createTokens, type Tokens } from '../clients/tokens/tokens.js'
import type { TokensConfig, WatchedConfig } from '../config/index.js'
import { knownNames } from '../config/known-names.js'
import type { Route } from '../http/route.js'
import { adminTokens } from '../http/routes/admin-tokens.js'
import type { Log } from '../ports/log.js'
import type { Shared } from './database.js'
import { every } from './housekeeping.js'
import type { Lifetime } from './lifetime.js'

/** How often the database is asked what was revoked, ms: what the bus did not bring. */
const CATCH_UP_MS = 30_000

export interface OpenTokens {
  readonly tokens: Tokens
  readonly revocations: Revocations
}

/** Rejects where a configured key cannot be used, or with StoreUnavailable. */
export async function openTokens(
  config: TokensConfig,
  { store, bus }: Shared,
  log: Log,
  life: Lifetime,
): Promise<OpenTokens> {
  const clock = systemClock
  const keys = await loadTokenKeys(config.keys, () => store.secret('tokens'))
  const revocations = createRevocations({ store, bus, clock, log })
  life.onClose(bus.subscribe((message) => revocations.heard(message)))
  await revocations.catchUp()
  life.onClose(every(CATCH_UP_MS, () => revocations.catchUp(), log, 'revocations could not be read'))
  return { tokens: createTokens({ keys, clock, revoked: revocations.revoked }), revocations }
}

/** What admins do with client tokens. */
export function tokenRoutes(watched: WatchedConfig, { tokens, revocations }: OpenTokens): readonly Route[] {
  const issuer = createIssuer({
    ...{ tokens, clock: systemClock },
    names: (kind, name) => knownNames(watched.current())(kind, name),
  })
  const lifetimeMs = (): number => watched.current().tokens.clientLifetime
  return adminTokens({ issuer, revocations, lifetimeMs })
}
