import type { Config } from '../config/index.js'
import type { Clock } from '../ports/clock.js'
import type { Revocation } from '../ports/revocations.js'
import { StoreUnavailable } from '../ports/store.js'
import { findServer } from './admin-client.js'
import { CommandError } from './command.js'
import { databaseExists, nameOf, type StoreDeps, withStore } from './store.js'

/**
 * Revokes by the running server where there is one, which tells the others at once; else in the database itself, where
 * every server finds it within half a minute, or as it starts.
 *
 * @returns who did it
 * @throws CommandError where neither is to be had
 */
export async function revokeTokens(
  what: { readonly token: string } | { readonly client: string },
  { http, database }: Pick<Config, 'http' | 'database'>,
  deps: StoreDeps,
  clock: Pick<Clock, 'now'>,
): Promise<string> {
  const server = await findServer(http)
  if ('source' in server) {
    await server.revoke(what)
    return server.source
  }
  const without = `no running server: ${server.absent}`
  if (!databaseExists(database)) throw new CommandError(`${without}; and ${nameOf(database)} does not exist`)
  const at = clock.now()
  const revocation: Revocation =
    'token' in what ? { kind: 'token', id: what.token, at } : { kind: 'client', client: what.client, at }
  try {
    await withStore(deps, database, (store) => store.revoke(revocation))
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    throw new CommandError(`${error.message}; "reveille migrate" makes missing tables`, { cause: error })
  }
  return nameOf(database)
}
