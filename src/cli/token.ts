import { createIssuer, type Issued, objectionTo, type TokenOrder } from '../clients/tokens/issuer.js'
import { loadTokenKeys, type TokenKey, TokenKeyError } from '../clients/tokens/keys.js'
import { createTokens } from '../clients/tokens/tokens.js'
import { parseDuration } from '../config/duration.js'
import { type Config, loadConfig } from '../config/index.js'
import { knownNames } from '../config/known-names.js'
import type { Clock } from '../ports/clock.js'
import { StoreUnavailable } from '../ports/store.js'
import { findServer } from './admin-client.js'
import { type OptionSpecs, UsageError, type Values } from './args.js'
import { command, type Command, CommandError, EXIT, type Io } from './command.js'
import { configOption } from './config-option.js'
import { databaseExists, nameOf, type StoreDeps, withStore } from './store.js'
import { utc } from './time.js'
import { grantOptions, readGrantOptions } from './token-grants.js'
import { revokeTokens } from './token-revoke.js'

const SHORTEST_MS = 1000
const LONGEST_MS = 365 * 86_400_000

const WALL_CLOCK: Pick<Clock, 'now'> = { now: () => Date.now() * 1000 }

const options = {
  user: { type: 'string', value: 'NAME', describe: 'whose app it is, and the name that it is called by' },
  client: { type: 'string', value: 'NAME', describe: 'name of the app; the user’s without it' },
  device: { type: 'string', value: 'ID', describe: 'the one device that it is for; any without it' },
  ...grantOptions,
  for: { type: 'string', value: 'TIME', describe: 'how long; tokens.client-lifetime without it' },
  revoke: { type: 'string', value: 'ID', describe: 'makes none: takes back the one with this id' },
  'revoke-client': {
    type: 'string',
    value: 'NAME',
    describe: 'makes none: takes back all that this app has',
  },
  config: configOption,
} as const satisfies OptionSpecs

type TokenValues = Values<typeof options>

/** Makes a client token, with the keys that the server checks it by, or takes tokens back. */
export function tokenCommand(deps: StoreDeps, clock = WALL_CLOCK): Command {
  return command({
    name: 'token',
    summary: 'make a token for an app of a user, or take one back',
    usage:
      'reveille token --user NAME [--client NAME] [--device ID] [--grant LIST] [--incoming] [--outgoing LIST] ' +
      '[--presence LIST] [--for 1h] | --revoke ID | --revoke-client NAME [--config FILE]',
    options,
    notes:
      'The token alone is written to stdout: whoever has it is the app until it expires or is taken back.',
    async run(values, io) {
      const revoked = revokedBy(values)
      if (revoked === undefined) return mint(values, io, deps, clock)
      const config = loadConfig(values.config, io.env)
      io.stderr.write(`revoked by ${await revokeTokens(revoked, config, deps, clock)}\n`)
      return EXIT.ok
    },
  })
}

/** What is to be taken back. @throws UsageError where more is asked for than that */
function revokedBy(values: TokenValues): { token: string } | { client: string } | undefined {
  const { revoke, 'revoke-client': client, config: _, ...others } = values
  if (revoke === undefined && client === undefined) return undefined
  const other = Object.entries(others).find(([, value]) => value !== undefined && value !== false)
  if (other !== undefined) throw new UsageError(`--${other[0]} is of no use where tokens are taken back`)
  if (revoke === undefined) return { client: client ?? '' }
  if (client !== undefined) throw new UsageError('--revoke and --revoke-client are two commands')
  return { token: revoke }
}

async function mint(
  values: TokenValues,
  io: Io,
  deps: StoreDeps,
  clock: Pick<Clock, 'now'>,
): Promise<number> {
  const [grants, lifetime] = [readGrantOptions(values), readLifetime(values.for)]
  const { user, client = user, device } = values
  if (user === undefined || client === undefined) throw new UsageError('--user is missing')
  const config = loadConfig(values.config, io.env)
  const lifetimeMs = lifetime ?? config.tokens.clientLifetime
  const order = { client, user, ...(device === undefined ? {} : { deviceId: device }), grants, lifetimeMs }
  const objection = objectionTo(order, knownNames(config))
  if (objection !== undefined) throw new CommandError(objection.detail)
  const { token, id, expiresAt } = await made(order, config, deps, clock)
  io.stderr.write(`${client} of ${user}, until ${utc(expiresAt)}: ${Object.keys(grants).join(', ')}\n`)
  io.stderr.write(`to take it back: reveille token --revoke ${id}\n`)
  io.stdout.write(`${token}\n`)
  return EXIT.ok
}

/** By the keys; by the running server, where that alone has them. */
async function made(
  order: TokenOrder,
  config: Config,
  deps: StoreDeps,
  clock: Pick<Clock, 'now'>,
): Promise<Pick<Issued, 'token' | 'id' | 'expiresAt'>> {
  const keys = await keysOf(config, deps).catch(async (error: unknown) => {
    if (!(error instanceof CommandError) || config.tokens.keys.length > 0) throw error
    const server = await findServer(config.http)
    if ('source' in server) return server
    throw error
  })
  if ('source' in keys) return keys.mint(order)
  const issuer = createIssuer({ tokens: createTokens({ keys, clock }), clock, names: knownNames(config) })
  const issued = await issuer.issue(order)
  if (issued.kind === 'refused') throw new CommandError(issued.detail)
  return issued
}

/** Milliseconds. */
function readLifetime(time: string | undefined): number | undefined {
  if (time === undefined) return undefined
  const ms = parseDuration(time, 's')
  if (ms !== undefined && ms >= SHORTEST_MS && ms <= LONGEST_MS) return ms
  throw new UsageError(`--for needs a duration from 1s to 365d, such as 1h, not "${time}"`)
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
