import { nearest } from '../config/nearest.js'
import { columns } from './columns.js'
import { type Command, EXIT, type Io } from './command.js'

export interface Program {
  readonly version: string
  readonly commands: readonly Command[]
}

/**
 * `reveille <command> …`; `argv` is what follows the program's name. Resolves to the exit code, and never rejects.
 */
export async function runProgram(program: Program, argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv
  switch (name) {
    case undefined:
      io.stderr.write(overview(program))
      return EXIT.usage
    case '--version':
    case '-V':
      io.stdout.write(`${program.version}\n`)
      return EXIT.ok
    case '--help':
    case '-h':
      io.stdout.write(overview(program))
      return EXIT.ok
    case 'help':
      return rest.length === 0
        ? runProgram(program, ['--help'], io)
        : runNamed(program, rest[0] ?? '', ['--help'], io)
    default:
      return runNamed(program, name, rest, io)
  }
}

async function runNamed(
  { commands }: Program,
  name: string,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  const command = commands.find((each) => each.name === name)
  if (command === undefined) {
    io.stderr.write(unknownCommand(name, commands))
    return EXIT.usage
  }
  try {
    return await command.run(argv, io)
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    io.stderr.write(`reveille ${name}: ${text}\n`)
    return EXIT.failed
  }
}

function unknownCommand(name: string, commands: readonly Command[]): string {
  const names = commands.map((each) => each.name)
  const what = name.startsWith('-') ? 'option' : 'command'
  const near = nearest(name, [...names, 'help'])
  const hint = near === undefined ? `commands: ${names.join(', ')}` : `did you mean "${near}"?`
  return `reveille: unknown ${what} "${name}"; ${hint}\n`
}

function overview({ commands }: Program): string {
  const lines = columns(commands.map(({ name, summary }) => [name, summary]))
  return [
    'usage: reveille <command> [options]',
    '',
    ...lines.map((line) => `  ${line}`),
    '',
    'reveille <command> --help tells more of each.',
    '',
  ].join('\n')
}
