/** A measuring command: `npm run bench:NAME -- [options]`. */
export interface BenchCommand<Options> {
  readonly usage: string
  /** @throws Error that says which option is wrong */
  readOptions(argv: readonly string[]): Options | 'help'
  /** Resolves to whether all that was to be measured was. */
  bench(options: Options): Promise<boolean>
}

/** Runs it with the options of this process, and sets its exit code: 1 where not all was measured, 2 for its options. */
export async function runCommand<Options>(command: BenchCommand<Options>): Promise<void> {
  process.exitCode = await exitCodeOf(command)
}

export function say(text: string): void {
  process.stdout.write(`${text}\n\n`)
}

async function exitCodeOf<Options>(command: BenchCommand<Options>): Promise<number> {
  let options: Options | 'help'
  try {
    options = command.readOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${command.usage}\n`)
    return 2
  }
  if (options === 'help') {
    say(command.usage)
    return 0
  }
  return (await command.bench(options)) ? 0 : 1
}
