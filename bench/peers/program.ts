import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { familyOf, pin } from '../load/processes.js'

const PATIENCE_MS = 20_000
const ASK_MS = 50
/** Faults that are kept; a server in trouble writes many. */
const KEPT_LINES = 20

/** Programs that run now: none outlives this process, however it ends. */
const running = new Set<ChildProcess>()
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')))

export interface ProgramOptions {
  /** Lines of its standard error that tell of faults. */
  readonly isFault: (line: string) => boolean
  /** A datagram that it answers once it is up, and the port of loopback that takes it. */
  readonly question: { readonly port: number; readonly text: (ownPort: number) => string }
  /** As of taskset(1); '' for any. */
  readonly cores: string
  readonly cwd?: string
}

/** A program of somebody else's that a bench starts, and ends. */
export class Program {
  readonly faults: string[] = []

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    isFault: (line: string) => boolean,
  ) {
    running.add(child)
    child.once('close', () => running.delete(child))
    // One that cannot be run ends without an exit code; `isUp` says so.
    child.once('error', (error) => this.faults.push(error.message))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.faults.push(...text.split('\n').filter((line) => line !== '' && isFault(line)))
      this.faults.splice(KEPT_LINES)
    })
  }

  /** Resolves when it answers. Rejects, and leaves no process, where it does not come up. */
  static async start(command: string, argv: readonly string[], options: ProgramOptions): Promise<Program> {
    const { isFault, question, cores, cwd } = options
    const child = spawn(command, argv, {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    })
    const program = new Program(command, child, isFault)
    try {
      await program.#answers(question)
      if (cores !== '') for (const one of familyOf(program.pid)) pin(one, cores)
    } catch (error) {
      await program.stop()
      throw error
    }
    return program
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  async stop(): Promise<void> {
    if (this.#isOver) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    await gone
  }

  get #isOver(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null
  }

  async #answers({ port, text }: ProgramOptions['question']): Promise<void> {
    const socket = createSocket('udp4')
    let heard = false
    socket.on('message', () => (heard = true))
    // Nobody listens yet.
    socket.on('error', () => undefined)
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const question = text(socket.address().port)
    try {
      const last = performance.now() + PATIENCE_MS
      while (!heard) {
        if (this.#isOver) throw new Error(`${this.name} ended as it started: ${this.faults.join('\n')}`)
        if (performance.now() > last)
          throw new Error(`${this.name} did not answer: ${this.faults.join('\n')}`)
        socket.send(question, port, '127.0.0.1')
        await sleep(ASK_MS)
      }
    } finally {
      socket.close()
    }
  }
}

/** OPTIONS for a server at this port: whatever it answers, it is up. */
export function optionsRequest(port: number, ownPort: number): string {
  return (
    `OPTIONS sip:127.0.0.1:${port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${ownPort};branch=z9hG4bKready\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:ready@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\n` +
    `Call-ID: ready\r\nCSeq: 1 OPTIONS\r\nContact: <sip:ready@127.0.0.1:${ownPort}>\r\nContent-Length: 0\r\n\r\n`
  )
}

/** What a command says of its version, by the first group; undefined where there is no such command. */
export function versionOf(command: string, argv: readonly string[], pattern: RegExp): string | undefined {
  try {
    return pattern.exec(
      execFileSync(command, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    )?.[1]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
