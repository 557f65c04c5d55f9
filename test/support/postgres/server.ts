import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { isAlive } from '../processes.js'
import { findPrograms, type Programs } from './programs.js'

const run = promisify(execFile)

/** The server says so on its standard error when connections can come. */
const READY = /ready to accept connections/

/**
 * A PostgreSQL server of a test's own, which may be stopped, frozen and killed. Its data goes with it, also where the
 * test's process is killed: a guard waits for the end of its standard input.
 */
export class PostgresServer {
  readonly url: string
  #process: ChildProcess | undefined
  #frozen: readonly number[] = []
  readonly #guard: ChildProcess

  private constructor(
    private readonly programs: Programs,
    private readonly directory: string,
    private readonly port: number,
  ) {
    this.url = `postgres://reveille@127.0.0.1:${port}/postgres`
    this.#guard = spawn('/bin/sh', ['-c', GUARD, 'guard', directory], {
      stdio: ['pipe', 'ignore', 'inherit'],
    })
  }

  /** Rejects, with the reason, where this machine has no PostgreSQL that runs. */
  static async start(): Promise<PostgresServer> {
    const programs = await findPrograms()
    const directory = await mkdtemp(join(tmpdir(), 'reveille-postgres-'))
    const { uid, gid } = programs.account
    if (uid !== undefined && gid !== undefined) await chown(directory, uid, gid)
    await chmod(directory, 0o755)
    const server = new PostgresServer(programs, directory, await freePort())
    try {
      const options = [
        '-D',
        server.#data,
        '-U',
        'reveille',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ]
      await run(programs.initdb, options, { ...programs.account, cwd: directory })
      await server.restart()
      return server
    } catch (error) {
      await server.close()
      throw error
    }
  }

  /** Starts it again after {@link stop} or {@link crash}, where it does not run; resolves when connections can come. */
  async restart(): Promise<void> {
    if (this.#process !== undefined) return
    for (;;) {
      try {
        return await this.#launch()
      } catch (error) {
        // What a killed server had started sees its death, and ends, within a moment.
        if (!(error instanceof Error) || !/still in use/.test(error.message)) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  async #launch(): Promise<void> {
    const { programs, directory, port } = this
    const settings = {
      ...{ listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port) },
      ...{ fsync: 'off', shared_buffers: '16MB', max_connections: '100' },
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(programs.postgres, ['-D', this.#data, ...options], {
      ...programs.account,
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => reject(new Error(`postgres ended with ${code}:\n${said}`)))
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4000)
        if (READY.test(said)) resolve()
      })
    })
    this.#process = child
  }

  /** Ends it, and every connection, as the operator's `stop` does. */
  stop(): Promise<void> {
    return this.#end('SIGINT')
  }

  /** `kill -9`. The other processes of the server see it, and end as well. */
  crash(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Stops every process of it where it stands: connections stay open, and nobody answers. */
  async freeze(): Promise<void> {
    this.#frozen = await this.#pids()
    for (const pid of this.#frozen) process.kill(pid, 'SIGSTOP')
  }

  thaw(): void {
    const frozen = this.#frozen
    this.#frozen = []
    for (const pid of frozen) if (isAlive(pid)) process.kill(pid, 'SIGCONT')
  }

  /** Leaves nothing behind. */
  async close(): Promise<void> {
    this.thaw()
    await this.#end('SIGQUIT')
    const guarded = once(this.#guard, 'close')
    this.#guard.stdin?.end()
    await guarded
    await rm(this.directory, { recursive: true, force: true })
    await this.programs.remove()
  }

  get #data(): string {
    return join(this.directory, 'data')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill(signal)
    await closed
  }

  /** The postmaster, and all that it has started. */
  async #pids(): Promise<number[]> {
    const client = new pg.Client({ connectionString: this.url })
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity')
    await client.end()
    const own = this.#process?.pid
    return [...(own === undefined ? [] : [own]), ...rows.map(({ pid }) => pid)].filter(isAlive)
  }
}

/** Waits until whoever started it is gone; then ends a server that is still there, and removes its directory. */
const GUARD = `cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && {
  kill -QUIT "$pid" && kill -CONT "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}
rm -rf "$1"`

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
