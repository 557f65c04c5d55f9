import { ConfigError, type Reloaded, watchConfig } from '../config/index.js'
import { createLog, type ServerLog } from '../observe/log.js'
import { UsageError } from './args.js'
import { command, type Command, CommandError, EXIT } from './command.js'
import { configOption } from './config-option.js'

/** As much of the server as this command needs. */
export interface RunningServer {
  readonly sip: readonly { readonly protocol: string; readonly host: string; readonly port: number }[]
  readonly http: { readonly host: string; readonly port: number }
  drain(): Promise<void>
  endCalls(): void
  close(): Promise<void>
}

export type StartServer = (watched: ReturnType<typeof watchConfig>, log: ServerLog) => Promise<RunningServer>

/** How many processes there are to be, and the configuration that each is to read. */
export interface WorkersOrder {
  readonly workers: number
  readonly config: string | undefined
}

/** Starts a server of several processes. */
export type StartWorkers = (
  watched: ReturnType<typeof watchConfig>,
  log: ServerLog,
  order: WorkersOrder,
) => Promise<RunningServer>

/** As many as an embedded SIP server takes applications. */
const MOST_WORKERS = 64

/** What the operating system says to a server; listeners are taken off again when it has ended. */
export type Signals = Pick<NodeJS.Process, 'on' | 'off'>

/**
 * ```
 *  starting -> serving --SIGTERM, SIGINT--> draining --last call ended, or the time is up--> closed
 *                 ^  |                          |
 *                 +--+ SIGHUP: reload           +--SIGTERM, SIGINT: calls end now
 * ```
 * A SIGHUP while it is starting is served once it is up; without a listener it would end the process.
 */
export function startCommand(
  startServer: StartServer,
  startWorkers: StartWorkers,
  signals: Signals = process,
): Command {
  return command({
    name: 'start',
    summary: 'run the server',
    usage: 'reveille start [--config FILE] [--workers N]',
    options: {
      config: configOption,
      workers: {
        type: 'string',
        value: 'N',
        describe: 'so many processes take the calls, on one PostgreSQL; without it this one does',
      },
    },
    async run({ config, workers }, io) {
      const count = countOf(workers)
      const watched = watchConfig(config, io.env)
      const log = createLog(watched.current().log)
      const reloads = new Reloads(signals, () => report(watched.reload(), log))
      try {
        const server = await started(
          count === undefined
            ? startServer(watched, log)
            : startWorkers(watched, log, { workers: count, config }),
        )
        try {
          announce(server, log)
          reloads.begin()
          await untilDrained(server, signals, log)
        } finally {
          await server.close()
        }
      } finally {
        reloads.close()
      }
      log.info({}, 'stopped')
      return EXIT.ok
    },
  })
}

function countOf(workers: string | undefined): number | undefined {
  if (workers === undefined) return undefined
  const count = Number(workers)
  if (/^\d+$/.test(workers) && count >= 1 && count <= MOST_WORKERS) return count
  throw new UsageError(`--workers needs a number from 1 to ${String(MOST_WORKERS)}, not "${workers}"`)
}

/** Reloads at each SIGHUP, from `begin` on; those that came before are one. */
class Reloads {
  #begun = false
  #asked = false

  constructor(
    private readonly signals: Signals,
    private readonly reload: () => void,
  ) {
    signals.on('SIGHUP', this.#heard)
  }

  begin(): void {
    this.#begun = true
    if (this.#asked) this.reload()
  }

  close(): void {
    this.signals.off('SIGHUP', this.#heard)
  }

  readonly #heard = (): void => {
    if (this.#begun) this.reload()
    else this.#asked = true
  }
}

/** A port that is taken or a database that is away is for the operator to mend, not a fault of ours. */
async function started(starting: Promise<RunningServer>): Promise<RunningServer> {
  try {
    return await starting
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(`the server cannot start: ${reason}`, { cause: error })
  }
}

function announce(server: RunningServer, log: ServerLog): void {
  const sip = server.sip.map(({ protocol, host, port }) => `${protocol}:${host}:${port}`)
  log.info({ sip, http: `${server.http.host}:${server.http.port}` }, 'Reveille is up')
}

/** Waits for the first signal to end, and then for the calls; a second signal ends those at once. */
async function untilDrained(server: RunningServer, signals: Signals, log: ServerLog): Promise<void> {
  let asked: (() => void) | undefined
  const first = new Promise<void>((resolve) => (asked = resolve))
  let times = 0
  const onSignal = (): void => {
    times++
    if (times === 1) asked?.()
    else {
      log.warn({}, 'asked to stop again: live calls end now')
      server.endCalls()
    }
  }
  signals.on('SIGTERM', onSignal)
  signals.on('SIGINT', onSignal)
  try {
    await first
    log.info({}, 'stopping: no new calls, live ones may end')
    await server.drain()
  } finally {
    signals.off('SIGTERM', onSignal)
    signals.off('SIGINT', onSignal)
  }
}

function report(reloaded: Reloaded, log: ServerLog): void {
  if (!reloaded.ok) {
    log.error({ problems: reloaded.error.message }, 'the configuration is bad: the running one stays')
    return
  }
  const { applied, needRestart } = reloaded
  log.info({ applied }, 'the configuration was reloaded')
  if (needRestart.length > 0) log.warn({ needRestart }, 'these changes wait for a restart')
}
