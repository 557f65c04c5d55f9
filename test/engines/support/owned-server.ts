import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** Groups of processes that run now: none outlives this one, however it ends. */
const running = new Set<number>()
const killAll = (): void => running.forEach((group) => process.kill(-group, 'SIGKILL'))
process.on('exit', killAll)
// The test runner ends its workers so, which then see no exit.
process.once('SIGTERM', killAll)

/** How long a server may take to come up. */
const START_MS = 30_000
/** How often it is asked whether it is there: only it knows, and it does not tell. */
const LOOK_MS = 20

/** A server of somebody else's that a test starts by a command of the operator's, and may kill. */
export class OwnedServer {
  #child: ChildProcess | undefined

  private constructor(
    private readonly name: string,
    private readonly command: string,
    private readonly isUp: () => Promise<boolean>,
  ) {}

  /**
   * Resolves when `isUp` says so. Rejects where the server is there already, ends, or does not come up; nothing is
   * left then.
   */
  static async start(name: string, command: string, isUp: () => Promise<boolean>): Promise<OwnedServer> {
    if (await isUp()) throw new Error(`${name} runs already: with its command given, the tests start it`)
    const server = new OwnedServer(name, command, isUp)
    try {
      await server.restart()
      return server
    } catch (error) {
      await server.kill()
      throw error
    }
  }

  /** Resolves when it is up; starts it where it was killed. */
  async restart(): Promise<void> {
    if (this.#child !== undefined) return
    const child = spawn('/bin/sh', ['-c', this.command], { detached: true, stdio: 'ignore' })
    this.#child = child
    await once(child, 'spawn')
    const group = child.pid ?? 0
    running.add(group)
    child.once('close', () => running.delete(group))
    const deadline = Date.now() + START_MS
    while (!(await this.isUp())) {
      if (child.exitCode !== null) throw new Error(`${this.name} ended with ${child.exitCode}`)
      if (Date.now() > deadline) throw new Error(`${this.name} is not up after ${START_MS} ms`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  /** `kill -9`, of all its processes. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    process.kill(-child.pid, 'SIGKILL')
    await closed
  }
}
