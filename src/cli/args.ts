import { parseArgs } from 'node:util'
import { nearest } from '../config/nearest.js'

export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  /** One letter: `-c`. */
  readonly short?: string
  /** For the help. */
  readonly describe: string
  /** What stands for the value in the help: `FILE`. */
  readonly value?: string
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** A string where one was given; flags are always there. */
export type Values<O extends OptionSpecs> = {
  readonly [Name in keyof O]: O[Name]['type'] extends 'boolean' ? boolean : string | undefined
}

export interface Arguments<O extends OptionSpecs> {
  readonly values: Values<O>
  readonly positionals: readonly string[]
  /** `--help` or `-h` is among them: nothing else was looked at. */
  readonly help: boolean
}

/** The command line is not understood; the message is one sentence for who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Reads what follows the name of a command.
 *
 * @param positionals how many there may be
 * @throws UsageError that names the option, and the nearest known one
 */
export function readArguments<O extends OptionSpecs>(
  argv: readonly string[],
  options: O,
  positionals = 0,
): Arguments<O> {
  const known = { ...options, help: { type: 'boolean', short: 'h' } } as const
  // Not strict: its messages know of no nearest name, and it would refuse before it has seen --help.
  const { tokens } = parseArgs({
    args: [...argv],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const help = tokens.some((token) => token.kind === 'option' && token.name === 'help')
  const given: Record<string, string | boolean> = {}
  const rest: string[] = []
  for (const token of help ? [] : tokens) {
    if (token.kind === 'positional') rest.push(token.value)
    if (token.kind === 'option') given[token.name] = valueOf(token, options)
  }
  if (rest.length > positionals) throw new UsageError(`unexpected argument "${rest[positionals] ?? ''}"`)
  const flags = Object.entries(options).filter(([, { type }]) => type === 'boolean')
  const values = { ...Object.fromEntries(flags.map(([name]) => [name, false])), ...given }
  return { values: values as Values<O>, positionals: rest, help }
}

interface OptionToken {
  readonly name: string
  /** As it was typed: `-c`, `--config`. */
  readonly rawName: string
  readonly value: string | undefined
}

function valueOf({ name, rawName, value }: OptionToken, options: OptionSpecs): string | boolean {
  const spec = Object.hasOwn(options, name) ? options[name] : undefined
  if (spec === undefined) {
    const near = nearest(name, [...Object.keys(options), 'help'])
    throw new UsageError(`unknown option ${rawName}${near === undefined ? '' : `; did you mean --${near}?`}`)
  }
  if (spec.type === 'boolean') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`)
    return true
  }
  // "--config --json" has forgotten a file rather than named it "--json".
  if (value === undefined || value === '' || (value.startsWith('-') && value !== '-')) {
    throw new UsageError(`${rawName} needs a value`)
  }
  return value
}
