import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from '../clients/child.js'
import { freePorts } from '../clients/free-ports.js'

export interface SippOptions {
  /** Name of a file beside this one, without .xml. */
  readonly scenario: string
  /** Scenario of the calls that come in meanwhile. */
  readonly incoming?: string
  readonly server: { readonly host: string; readonly port: number }
  readonly protocol: 'udp' | 'tcp'
  /** Calls in all; default 1. */
  readonly calls?: number
  /** Calls a second; default 10. */
  readonly rate?: number
  /** What stands in the scenario as [name]. */
  readonly keys?: Readonly<Record<string, string>>
  /** Raw PCMU for a scenario that plays tone.pcmu; else RTP that comes in goes back to its sender. */
  readonly tone?: Buffer
}

/** The whole run; whoever lets it take longer has a call that hangs. */
const RUN_SECONDS = 50
const RECEIVE_MS = 20_000

/** A SIPp process on loopback. */
export class Sipp {
  private constructor(
    private readonly child: Child,
    private readonly folder: string,
    private readonly scenario: string,
  ) {}

  static async start(options: SippOptions): Promise<Sipp> {
    const folder = await mkdtemp(join(tmpdir(), 'reveille-sipp-'))
    if (options.tone !== undefined) await writeFile(join(folder, 'tone.pcmu'), options.tone)
    const args = argumentsOf(options, folder, await freePorts(), await freePorts(4))
    return new Sipp(new Child('sipp', args, { cwd: folder }), folder, options.scenario)
  }

  /** When a scenario says this by `echo`. */
  async says(line: string): Promise<void> {
    await this.child.says(new RegExp(`^${line}\\r?$`, 'm'))
  }

  /** Resolves where every call went as the scenario has it; else rejects, with SIPp's own account. */
  async done(): Promise<void> {
    const status = await this.child.exited
    if (status !== 0) throw new Error(`SIPp, ${this.scenario}: status ${status}\n${await this.account()}`)
  }

  async close(): Promise<void> {
    await this.child.end()
    await rm(this.folder, { recursive: true, force: true })
  }

  private async account(): Promise<string> {
    // The screen is there always; the file only where SIPp has something to complain of.
    const complaints = await readFile(join(this.folder, 'errors'), 'utf8').catch(() => '')
    return `${this.child.tail(50)}\n${complaints.slice(0, 4000)}`
  }
}

function argumentsOf(options: SippOptions, folder: string, port: number, rtpPort: number): string[] {
  const { scenario, incoming, server, protocol, calls = 1, rate = 10, keys = {} } = options
  const file = (name: string): string => join(import.meta.dirname, `${name}.xml`)
  return [
    `${server.host}:${server.port}`,
    ...['-sf', file(scenario)],
    ...(incoming === undefined ? [] : ['-aa', '-oocsf', file(incoming)]),
    ...['-t', protocol === 'udp' ? 'u1' : 't1', '-i', '127.0.0.1', '-p', String(port), '-ci', '127.0.0.1'],
    ...['-mi', '127.0.0.1', '-mp', String(rtpPort)],
    ...(options.tone === undefined ? ['-rtp_echo'] : []),
    ...['-m', String(calls), '-r', String(rate), '-l', String(calls)],
    ...['-timeout', `${RUN_SECONDS}s`, '-timeout_error', '-recv_timeout', String(RECEIVE_MS)],
    ...['-trace_err', '-error_file', join(folder, 'errors'), '-nostdin'],
    ...Object.entries(keys).flatMap(([name, value]) => ['-key', name, value]),
  ]
}
