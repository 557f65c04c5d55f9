import { randomUUID } from 'node:crypto'
import { systemClock } from '../adapters/system/clock.js'
import { createDevices } from '../clients/devices/devices.js'
import { loadTokenKeys } from '../clients/tokens/keys.js'
import { createTokens, type Tokens } from '../clients/tokens/tokens.js'
import type { DatabaseConfig, TokensConfig } from '../config/index.js'
import type { ClientApi } from '../http/index.js'
import { callRoutes } from '../http/routes/calls.js'
import { deviceRoutes } from '../http/routes/devices.js'
import type { Log } from '../ports/log.js'
import type { Store } from '../ports/store.js'
import { createCallControl } from '../runtime/call-control.js'
import type { Calls } from '../runtime/calls.js'
import type { Shared } from './database.js'
import type { Lifetime } from './lifetime.js'

/** Rejects where a configured key cannot be used, or with StoreUnavailable. */
export async function openTokens(config: TokensConfig, store: Pick<Store, 'secret'>): Promise<Tokens> {
  const keys = await loadTokenKeys(config.keys, () => store.secret('tokens'))
  return createTokens({ keys, clock: systemClock })
}

export interface ClientsDeps {
  readonly shared: Shared
  readonly database: DatabaseConfig
  readonly tokens: Tokens
  readonly calls: Calls
  readonly pushProviders: () => ReadonlySet<string>
  readonly log: Log
}

/** What apps may do by HTTP. */
export function clientApi(deps: ClientsDeps, life: Lifetime): ClientApi {
  const { shared, tokens, calls, log } = deps
  const { store, bus } = shared
  const control = createCallControl({
    ...{ calls, store, bus, log, clock: systemClock, ids: randomUUID },
    shared: deps.database.engine === 'postgres',
  })
  life.onClose(bus.subscribe((message) => control.heard(message)))
  const devices = createDevices({
    ...{ store, bus, log, clock: systemClock },
    pushProviders: deps.pushProviders,
  })
  return {
    tokens,
    routes: [...callRoutes({ calls: control, clock: systemClock }), ...deviceRoutes(devices)],
  }
}
