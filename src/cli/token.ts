import { type Grants, PLAIN_GRANTS } from '../clients/tokens/claims.js'
import { loadTokenKeys, type TokenKey, TokenKeyError } from '../clients/tokens/keys.js'
import { createTokens } from '../clients/tokens/tokens.js'
import { parseDuration } from '../config/duration.js'
import { type Config, loadConfig } from '../config/index.js'
import { nearest } from '../config/nearest.js'
import type { Clock } from '../ports/clock.js'
import { StoreUnavailable } from '../ports/store.js'
import { UsageError } from './args.js'
import { command, type Command, CommandError, EXIT } from './command.js'
import { configOption } from './config-option.js'
import { databaseExists, nameOf, type StoreDeps, withStore } from './store.js'
import { utc } from './time.js'

const SHORTEST_MS = 1000
const LONGEST_MS = 365 * 86_400_000

const WALL_CLOCK: Pick<Clock, 'now'> = { now: () => Date.now() * 1000 }

/** Makes a client token, with the keys that the server checks it by. */
export function tokenCommand(deps: StoreDeps, clock = WALL_CLOCK): Command {
  return command({
    name: 'token',
    summary: 'make a token for an app of a user',
    usage:
      'reveille token --user NAME [--client NAME] [--device ID] [--grant LIST] [--for 1h] [--config FILE]',
    options: {
      user: { type: 'string', value: 'NAME', describe: 'whose app it is' },
      client: { type: 'string', value: 'NAME', describe: 'name of the app; the user’s without it' },
      device: { type: 'string', value: 'ID', describe: 'the one device that it is for; any without it' },
      grant: {
        type: 'string',
        value: 'LIST',
        describe: `what it may do, of ${PLAIN_GRANTS.join(',')}; all without it`,
      },
      for: { type: 'string', value: 'TIME', describe: 'how long; tokens.client-lifetime without it' },
      config: configOption,
    },
    notes:
      'The token alone is written to stdout. It cannot be taken back: whoever has it is the app until it expires.',
    async run({ user: given, client, device, grant, for: time, config: path }, io) {
      const [grants, lifetime] = [readGrants(grant), readLifetime(time)]
      const config = loadConfig(path, io.env)
      const user = knownUser(given, config)
      const tokens = createTokens({ clock, keys: await keysOf(config, deps) })
      const expiresAt = clock.now() + (lifetime ?? config.tokens.clientLifetime) * 1000
      const claims = { client: client ?? user, user, grants, expiresAt }
      const token = await tokens.mintClient({
        ...claims,
        ...(device === undefined ? {} : { deviceId: device }),
      })
      io.stderr.write(
        `${claims.client} of ${user}, until ${utc(expiresAt)}: ${Object.keys(grants).join(', ')}\n`,
      )
      io.stdout.write(`${token}\n`)
      return EXIT.ok
    },
  })
}

function readGrants(list: string | undefined): Grants {
  const names = list === undefined ? PLAIN_GRANTS : list.split(',').map((name) => known(name.trim()))
  return Object.fromEntries(names.map((name) => [name, true]))
}

function known(name: string): keyof Grants {
  const grant = PLAIN_GRANTS.find((each) => each === name)
  if (grant !== undefined) return grant
  throw new UsageError(`there is no grant "${name}"; there are ${PLAIN_GRANTS.join(', ')}`)
}

/** Milliseconds. */
function readLifetime(time: string | undefined): number | undefined {
  if (time === undefined) return undefined
  const ms = parseDuration(time, 's')
  if (ms !== undefined && ms >= SHORTEST_MS && ms <= LONGEST_MS) return ms
  throw new UsageError(`--for needs a duration from 1s to 365d, such as 1h, not "${time}"`)
}

function knownUser(name: string | undefined, { users }: Config): string {
  if (name === undefined) throw new UsageError('--user is missing')
  if (users.has(name)) return name
  const near = nearest(name, [...users.keys()])
  const hint = near === undefined ? '' : `; did you mean ${near}?`
  throw new CommandError(`the configuration has no user ${name}${hint}`)
}

/** @throws CommandError where the keys are not to be had */
async function keysOf({ tokens, database }: Config, deps: StoreDeps): Promise<readonly TokenKey[]> {
  try {
    return await loadTokenKeys(tokens.keys, () => sharedSecret(database, deps))
  } catch (error) {
    if (error instanceof TokenKeyError) throw new CommandError(error.message, { cause: error })
    throw error
  }
}

async function sharedSecret(database: Config['database'], deps: StoreDeps): Promise<Uint8Array> {
  const advice = 'configure tokens.keys, and no database is needed'
  if (!databaseExists(database)) throw new CommandError(`${nameOf(database)} does not exist; ${advice}`)
  try {
    return await withStore(deps, database, (store) => store.secret('tokens'))
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      throw new CommandError(`${error.message}; "reveille migrate" makes missing tables`, { cause: error })
    }
    // A running server has an embedded database for itself.
    if (error instanceof CommandError) throw new CommandError(`${error.message}; ${advice}`, { cause: error })
    throw error
  }
}
