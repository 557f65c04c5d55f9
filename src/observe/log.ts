import { type DestinationStream, destination as fileDestination, pino, stdTimeFunctions } from 'pino'
import type { Log } from '../ports/log.js'
import { prettyLine } from './pretty.js'
import { redact, redactText } from './redact.js'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface LogOptions {
  readonly level: LogLevel
  /** Lines for eyes instead of one JSON object a line. */
  readonly pretty: boolean
  /** Where the lines go; standard output without one. */
  readonly destination?: { write(line: string): void }
  /** Colours of pretty lines; where standard output is a terminal, without a choice. */
  readonly colour?: boolean
}

/** The server's log. Secrets in its fields and texts are replaced, see {@link redact}. */
export interface ServerLog extends Log {
  /** Live change, as a reload of the configuration makes it. */
  level: LogLevel
}

export function createLog({ level, pretty, destination, colour }: LogOptions): ServerLog {
  // Written at once: the last lines before a crash are those that matter.
  const sink: DestinationStream = destination ?? fileDestination({ dest: 1, sync: true })
  const colours = colour ?? (destination === undefined && process.stdout.isTTY)
  const lines = pretty ? { write: (line: string) => sink.write(prettyLine(line, { colour: colours })) } : sink
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields) as Record<string, unknown>,
      },
      // Errors are plain by then.
      serializers: { err: (err: unknown) => err },
    },
    lines,
  )
  const at = (name: keyof Log) => (fields: object, message: string) => {
    if (logger.isLevelEnabled(name)) logger[name](fields, redactText(message))
  }
  return {
    get level() {
      return logger.level as LogLevel
    },
    set level(next: LogLevel) {
      logger.level = next
    },
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}
