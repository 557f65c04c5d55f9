import type { AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import { ConfigError, type WatchedConfig } from '../../config/index.js'
import type { ServerLog } from '../../observe/log.js'
import { createMetrics } from '../../observe/metrics.js'
import type { ListeningPoint } from '../../ports/signaling.js'
import { assembled, type Lifetime } from '../lifetime.js'
import { sipGauges } from '../sip.js'
import { mergeExpositions } from './exposition.js'
import { Fleet } from './fleet.js'
import { openHttpDoor } from './http-door.js'
import { objectionTo } from './share.js'
import { startSharedSip } from './sip-servers.js'

/** What a parent has by itself: of its calls there are none. */
const OWN_FAMILIES = /^(process|nodejs|reveille_sip)_/
/** For the calls of workers to end in after the configured time, ms. */
const GRACE_MS = 60_000

export interface WorkersOptions {
  readonly workers: number
  /** Path of the configuration, as it was given. */
  readonly config: string | undefined
  /** Of the program of a worker. */
  readonly entry: URL
}

/** A server of several processes. */
export interface Workers {
  readonly sip: readonly ListeningPoint[]
  readonly http: { readonly host: string; readonly port: number }
  drain(): Promise<void>
  endCalls(): void
  close(): Promise<void>
}

/**
 * Starts workers, which share what there can be but one of: SIP ports, the HTTP port. Resolves when all are up.
 * Rejects, with nothing left running, where one cannot start; with ConfigError where none can by this configuration.
 */
export function startWorkers(
  watched: WatchedConfig,
  log: ServerLog,
  options: WorkersOptions,
): Promise<Workers> {
  return assembled((life) => assemble(watched, log, options, life))
}

async function assemble(
  watched: WatchedConfig,
  log: ServerLog,
  { workers, config: path, entry }: WorkersOptions,
  life: Lifetime,
): Promise<Workers> {
  const config = watched.current()
  const objection = objectionTo(workers, config)
  if (objection !== undefined) {
    throw new ConfigError([{ file: path ?? 'the configuration', line: 0, column: 0, ...objection }])
  }
  const { servers, gateways } = await startSharedSip(config, log, life)
  const own = createMetrics({ log })
  if (servers.length > 0) own.watch({ sip: sipGauges(servers) })
  const node = nodeOf(watched)
  const fleet: Fleet = new Fleet({
    ...{ workers, entry, log },
    start: (worker) => ({
      type: 'start',
      config: path,
      share: { worker, workers, node: `${node}-${String(worker)}`, gateways, http: door.address },
    }),
    metrics: async (parts) =>
      mergeExpositions([{ worker: 'parent', text: familiesOf(await own.text(), OWN_FAMILIES) }, ...parts]),
  })
  const door = life.own(await openHttpDoor(config.http, (connection) => fleet.take(connection), log))
  life.onClose(() => fleet.close())
  life.onClose(
    watched.subscribe((now) => {
      log.level = now.log.level
      fleet.tellAll({ type: 'reload' })
    }),
  )
  await fleet.start()
  log.info({ workers: fleet.pids }, 'the workers are up')
  const listening = servers.flatMap((server) => server.listening)
  return {
    get sip() {
      return servers.length > 0 ? listening : fleet.sip
    },
    http: placeOf(door.address),
    drain: () => fleet.drain(watched.current().drain.timeout + GRACE_MS),
    endCalls: () => fleet.tellAll({ type: 'end-calls' }),
    close: () => life.close(),
  }
}

/** Of the whole: calls of a worker that died are ended by the one that takes its place, which has its name. */
function nodeOf(watched: WatchedConfig): string {
  const { database } = watched.current()
  const named = database.engine === 'postgres' ? database.node : undefined
  return named ?? `workers-${randomBytes(6).toString('hex')}`
}

function placeOf({ address, port }: AddressInfo): { host: string; port: number } {
  return { host: address, port }
}

/** The families of a text in the Prometheus format whose names are such. */
function familiesOf(text: string, names: RegExp): string {
  const lines = text.split('\n').filter((line) => names.test(line.replace(/^# (HELP|TYPE) /, '')))
  return lines.join('\n')
}
