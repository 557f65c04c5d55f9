import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Waiters } from '../../src/demo/waiting.js'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The program as it is shipped. */
export const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** Long enough for a start on a machine that is busy with other tests, too. */
export const PATIENCE_MS = 60_000

/** A line of the server's log. */
export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Processes that run now: none outlives this one, however it ends. */
const running = new Set<ChildProcess>()
const killAll = (): void => running.forEach((child) => child.kill('SIGKILL'))
process.on('exit', killAll)
// The test runner ends its workers so, which then see no exit.
process.once('SIGTERM', () => {
  killAll()
  process.kill(process.pid, 'SIGTERM')
})

function launch(argv: readonly string[], cwd: string, flags: readonly string[] = []): ChildProcess {
  // Nothing of this process's environment but what a shell of the operator's has, too.
  const env = { PATH: process.env['PATH'] ?? '', HOME: cwd }
  const whole = [...flags, PROGRAM, ...argv]
  const child = spawn(process.execPath, whole, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.once('close', () => running.delete(child))
  return child
}

/** Runs a command to its end, in the directory. */
export async function reveille(argv: readonly string[], cwd: string): Promise<Ran> {
  const child = launch(argv, cwd)
  let [out, err] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(child, 'close')
  return { code: child.exitCode, out, err }
}

/** `reveille start` in a process of its own: its log, its signals, its end. */
export class ServerProcess {
  readonly logged: LogLine[] = []
  readonly exited: Promise<Exit>
  #stderr = ''
  readonly #waiters = new Waiters<LogLine>()
  readonly #child: ChildProcess

  private constructor(argv: readonly string[], cwd: string, flags: readonly string[]) {
    this.#child = launch(['start', ...argv], cwd, flags)
    const { stdout, stderr } = this.#child
    if (stdout === null || stderr === null) throw new Error('the process has no output')
    createInterface(stdout).on('line', (line) => this.#hear(line))
    stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.exited = once(this.#child, 'close').then(() => {
      const { exitCode: code, signalCode: signal } = this.#child
      this.#waiters.abandon(`the server ended with ${code ?? signal}${this.#trace()}`)
      return { code, signal }
    })
  }

  /** Begins to start; it is up when it says so. `flags` are of node(1). */
  static launch(argv: readonly string[], cwd: string, flags: readonly string[] = []): ServerProcess {
    return new ServerProcess(argv, cwd, flags)
  }

  /** Resolves when the server is up. Rejects, and leaves no process, where it does not come up. */
  static async start(
    argv: readonly string[],
    cwd: string,
    flags: readonly string[] = [],
  ): Promise<ServerProcess> {
    const server = ServerProcess.launch(argv, cwd, flags)
    try {
      await server.says('Reveille is up')
      return server
    } catch (error) {
      await server.kill()
      throw error
    }
  }

  get pid(): number {
    const { pid } = this.#child
    if (pid === undefined) throw new Error('the server was never started')
    return pid
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Lines that tell of faults. */
  get errors(): readonly LogLine[] {
    return this.logged.filter(({ level }) => level === 'error' || level === 'fatal')
  }

  /** Where it listens, as its first words say. */
  address(protocol: 'udp' | 'tcp'): { readonly host: string; readonly port: number } {
    const points = this.#up()['sip'] as readonly string[]
    const [, host, port] = points.map((point) => point.split(':')).find(([name]) => name === protocol) ?? []
    if (host === undefined) throw new Error(`the server does not listen on ${protocol}`)
    return { host, port: Number(port) }
  }

  get url(): string {
    return `http://${String(this.#up()['http'])}`
  }

  /** The first line with this message, which was logged already or will be. Rejects when the server ends. */
  says(message: string, deadlineMs = PATIENCE_MS): Promise<LogLine> {
    const matches = ({ msg }: LogLine): boolean => msg === message
    const said = this.logged.find(matches)
    if (said !== undefined) return Promise.resolve(said)
    return this.#waiters.wait(`"${message}" in the log`, deadlineMs, matches, () => this.#trace())
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it as a crash does. */
  async kill(): Promise<Exit> {
    this.signal('SIGKILL')
    return this.exited
  }

  /** Ends it as an operator does who cannot wait. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM')
    // Another one than the first: two alike that come at once are one.
    this.signal('SIGINT')
    return this.exited
  }

  get over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #up(): LogLine {
    const up = this.logged.find(({ msg }) => msg === 'Reveille is up')
    if (up === undefined) throw new Error('the server is not up')
    return up
  }

  #hear(text: string): void {
    const line = lineOf(text)
    this.logged.push(line)
    this.#waiters.notifyAll(line)
  }

  /** For the message of a failed wait. */
  #trace(): string {
    const last = this.logged.slice(-5).map((line) => JSON.stringify(line))
    return `; its last words:\n${[...last, this.#stderr].join('\n')}`
  }
}

/** What is no JSON object is kept all the same, as a fault: the log is for machines. */
function lineOf(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine
  } catch (error) {
    if (error instanceof SyntaxError) return { level: 'error', msg: text }
    throw error
  }
}
