import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** How long a process may take to end once it was asked to. */
const END_MS = 2000

interface Wait {
  readonly wanted: RegExp
  resolve(line: RegExpExecArray): void
  reject(error: Error): void
}

/** A program of others, whose output is read and which is ended by its pid. */
export class Child {
  #output = ''
  #exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined
  readonly #waits = new Set<Wait>()
  readonly #process: ChildProcess
  /** Resolves with the status; rejects where the program could not be started. */
  readonly exited: Promise<number | NodeJS.Signals>

  constructor(command: string, args: readonly string[], options: { readonly cwd: string }) {
    this.#process = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    }
    // Whatever ends the tests: nothing is left running.
    const kill = (): void => void this.#process.kill('SIGKILL')
    process.once('exit', kill)
    this.exited = once(this.#process, 'close').then((): number | NodeJS.Signals => {
      process.off('exit', kill)
      const { exitCode, signalCode } = this.#process
      this.#exit = { code: exitCode, signal: signalCode }
      this.#abandon(new Error(`${command} ended with ${exitCode ?? signalCode}:\n${this.tail()}`))
      return exitCode ?? signalCode ?? 'SIGKILL'
    })
    // Who waits for the exit hears of it; who does not, hears of it by what is missing.
    this.exited.catch((error: unknown) =>
      this.#abandon(error instanceof Error ? error : new Error(String(error))),
    )
  }

  get output(): string {
    return this.#output
  }

  tail(lines = 40): string {
    return this.#output.trimEnd().split('\n').slice(-lines).join('\n')
  }

  /** When the output has it, from the start on. Rejects where the program ends first, or at the deadline. */
  async says(wanted: RegExp, deadlineMs = 20_000): Promise<RegExpExecArray> {
    const said = wanted.exec(this.#output)
    if (said !== null) return said
    if (this.#exit !== undefined) throw new Error(`it ended without ${String(wanted)}:\n${this.tail()}`)
    return await new Promise((resolve, reject) => {
      const wait: Wait = { wanted, resolve: settle(resolve), reject: settle(reject) }
      const late = (): void =>
        wait.reject(new Error(`no ${String(wanted)} in ${deadlineMs} ms:\n${this.tail()}`))
      const timer = setTimeout(late, deadlineMs)
      const waits = this.#waits
      waits.add(wait)
      function settle<T>(then: (value: T) => void): (value: T) => void {
        return (value) => {
          clearTimeout(timer)
          waits.delete(wait)
          then(value)
        }
      }
    })
  }

  /** Ends it, if it still runs: SIGTERM, then SIGKILL. */
  async end(): Promise<void> {
    if (this.#exit !== undefined || this.#process.pid === undefined) return
    this.#process.kill('SIGTERM')
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), END_MS)
    await this.exited
    clearTimeout(kill)
  }

  #read(text: string): void {
    this.#output += text
    for (const wait of this.#waits) {
      const said = wait.wanted.exec(this.#output)
      if (said !== null) wait.resolve(said)
    }
  }

  #abandon(error: Error): void {
    for (const wait of [...this.#waits]) wait.reject(error)
  }
}
