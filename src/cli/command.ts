import { ConfigError } from '../config/index.js'
import { type OptionSpecs, readArguments, UsageError, type Values } from './args.js'
import { columns } from './columns.js'

export interface Output {
  write(text: string): unknown
}

/** What a command has of the world. */
export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** It was understood, and could not be done. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
} as const

export interface Command {
  readonly name: string
  /** One line of the list of commands. */
  readonly summary: string
  /** `reveille calls [ID] [--json]` */
  readonly usage: string
  /** Resolves to the exit code. Rejects only for a fault of ours. */
  run(argv: readonly string[], io: Io): Promise<number>
}

/** It cannot be done; the message says to the user why. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

export interface CommandSpec<O extends OptionSpecs> {
  readonly name: string
  readonly summary: string
  readonly usage: string
  readonly options: O
  /** How many arguments it takes besides the options; none without it. */
  readonly positionals?: number
  /** More for the help, below the options. */
  readonly notes?: string
  /**
   * Resolves to the exit code. UsageError, ConfigError and CommandError are told to the user; whatever else it rejects
   * with is a fault of ours.
   */
  run(values: Values<O>, io: Io, positionals: readonly string[]): Promise<number>
}

/** A command that reads its arguments, answers `--help` and tells its errors. */
export function command<const O extends OptionSpecs>(spec: CommandSpec<O>): Command {
  const { name, summary, usage } = spec
  return {
    name,
    summary,
    usage,
    async run(argv, io) {
      try {
        const { values, positionals, help } = readArguments(argv, spec.options, spec.positionals)
        if (!help) return await spec.run(values, io, positionals)
        io.stdout.write(helpOf(spec))
        return EXIT.ok
      } catch (error) {
        return tell(error, spec, io)
      }
    },
  }
}

function tell(error: unknown, { name, usage }: Pick<Command, 'name' | 'usage'>, { stderr }: Io): number {
  if (error instanceof UsageError) {
    stderr.write(`reveille ${name}: ${error.message}\nusage: ${usage}\n`)
    return EXIT.usage
  }
  // Each line names the file by itself.
  if (error instanceof ConfigError) {
    stderr.write(`${error.message}\n`)
    return EXIT.usage
  }
  if (error instanceof CommandError) {
    stderr.write(`reveille ${name}: ${error.message}\n`)
    return EXIT.failed
  }
  throw error
}

function helpOf({ usage, summary, options, notes }: CommandSpec<OptionSpecs>): string {
  const rows = Object.entries(options).map(([name, { short, value = 'VALUE', type, describe }]) => [
    `${short === undefined ? '   ' : `-${short},`} --${name}${type === 'string' ? ` ${value}` : ''}`,
    describe,
  ])
  const help = columns([...rows, ['-h, --help', 'this text']]).map((line) => `  ${line}`)
  return [`usage: ${usage}`, '', summary, '', ...help, ...(notes === undefined ? [] : ['', notes]), ''].join(
    '\n',
  )
}
