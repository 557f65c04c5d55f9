import type { Command, Io } from '../../../src/cli/command.js'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command as the shell would, and keeps what it wrote. */
export function run(
  command: Pick<Command, 'run'>,
  argv: readonly string[] = [],
  env: Io['env'] = {},
): Promise<Ran> {
  return captured((io) => command.run(argv, io), env)
}

export async function captured(work: (io: Io) => Promise<number>, env: Io['env'] = {}): Promise<Ran> {
  const written = { out: '', err: '' }
  const io: Io = {
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
    env,
  }
  return { code: await work(io), ...written }
}
