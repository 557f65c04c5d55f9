import { performance } from 'node:perf_hooks'
import {
  Caller,
  Phone,
  SipPeer,
  type Address,
  type PushService,
  type WakeCallReport,
} from '../../src/demo/index.js'
import type { Protocol } from '../../src/demo/sip/transport.js'
import { playWakeCall, stages, type Stage } from '../../src/demo/wake-call.js'

export interface LoadOptions {
  readonly server: Address
  readonly protocol: Protocol
  readonly domain: string
  readonly push: PushService
  readonly provider: string
  /** How many phones there are: they take the calls in turn. */
  readonly phones: number
  /** User name, password and push token of phone n, and the URI by which the caller reaches it. */
  readonly phone: (n: number) => {
    readonly user: string
    readonly password?: string
    readonly token: string
    readonly uri: string
  }
  /** Each phone on sockets of its own, opened when it wakes; or all phones on one, UDP only. */
  readonly sockets?: 'own' | 'shared'
  /** The address of the trunk; default any port of 127.0.0.1. */
  readonly callerHost?: string
  readonly callerPort?: number
}

export interface RunOptions {
  readonly calls: number
  readonly perSecond: number
  /** Packets that each side must get from the other before BYE; default 25, half a second. */
  readonly packets?: number
  /** For each stage of each call, milliseconds; default 15,000. */
  readonly deadlineMs?: number
  readonly answerAfterMs?: number
}

export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface LoadReport {
  readonly started: number
  readonly completed: number
  readonly failures: readonly { readonly call: number; readonly stage: Stage; readonly reason: string }[]
  /** Milliseconds since the INVITE of each call. */
  readonly stages: Partial<Readonly<Record<Stage, Percentiles>>>
  /** Calls that were up at once, at most. */
  readonly peak: number
  readonly seconds: number
  /** The rate at which calls were really begun. */
  readonly startedPerSecond: number
}

/** Many wake calls in an open loop: a slow server does not slow the callers down. */
export class LoadPlayer {
  readonly #phones: Phone[] = []
  #live = 0
  #peak = 0

  private constructor(
    private readonly options: LoadOptions,
    private readonly caller: Caller,
    private readonly shared: SipPeer | undefined,
  ) {}

  /** Registers every phone with its push token, and puts it to sleep. Rejects where one was refused. */
  static async prepare(options: LoadOptions): Promise<LoadPlayer> {
    const { server, protocol, domain, callerHost, callerPort } = options
    const shared =
      options.sockets === 'shared'
        ? await SipPeer.open({ name: 'phones', protocol, keepsLog: false })
        : undefined
    const caller = await Caller.open({
      user: 'load',
      protocol,
      domain,
      proxy: server,
      host: callerHost,
      port: callerPort,
      keepsLog: false,
      media: { hz: 800, listens: false },
    })
    const player = new LoadPlayer(options, caller, shared)
    await player.#registerAll()
    return player
  }

  async run(options: RunOptions): Promise<LoadReport> {
    const startedAt = performance.now()
    const running: Promise<{ readonly call: number; readonly report: WakeCallReport }>[] = []
    for (let call = 0; call < options.calls; call++) {
      await until(startedAt + (call * 1000) / options.perSecond)
      running.push(this.#playOne(call, options))
    }
    const beginning = (performance.now() - startedAt) / 1000
    const reports = await Promise.all(running)
    return {
      ...summarize(reports),
      peak: this.#peak,
      seconds: (performance.now() - startedAt) / 1000,
      startedPerSecond: options.calls / Math.max(beginning, 1 / options.perSecond),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#phones.map((phone) => phone.close()))
    await this.caller.close()
    await this.shared?.close()
  }

  async #registerAll(): Promise<void> {
    const { phones, phone, provider, server, protocol, domain } = this.options
    for (let n = 0; n < phones; n++) {
      const { user, password, token } = phone(n)
      const player = new Phone({
        user,
        domain,
        protocol,
        proxy: server,
        shared: this.shared,
        keepsLog: false,
        credentials: password === undefined ? undefined : { username: user, password },
        media: { hz: 1000, listens: false },
      })
      this.#phones.push(player)
      const contactParams = { 'pn-provider': provider, 'pn-prid': token, 'pn-param': 'load' }
      const response = await player.register({ contactParams })
      if (response.status !== 200)
        throw new Error(`${user}: REGISTER got ${response.status} ${response.reason}`)
      await player.sleep()
    }
  }

  async #playOne(call: number, run: RunOptions): Promise<{ call: number; report: WakeCallReport }> {
    const n = call % this.options.phones
    const phone = this.#phones[n]
    if (phone === undefined) throw new Error('no phones')
    const { token, uri } = this.options.phone(n)
    phone.onInvite({ ringAfterMs: 0, answerAfterMs: run.answerAfterMs ?? 50 })
    this.#peak = Math.max(this.#peak, ++this.#live)
    const players = { caller: this.caller, phone, push: this.options.push, token, uri }
    const report = await playWakeCall(players, {
      packets: run.packets ?? 25,
      deadlineMs: run.deadlineMs ?? 15_000,
      endedBy: call % 2 === 0 ? 'caller' : 'phone',
    })
    this.#live--
    return { call, report }
  }
}

/** Figures for who reads the test's output: they depend on the machine, and nothing is held against them. */
export function tell(what: string, { stages, completed, peak, seconds, startedPerSecond }: LoadReport): void {
  const rows = Object.entries(stages).map(([stage, { p50, p90, p99, max }]) => {
    const times = [p50, p90, p99, max].map((ms) => ms.toFixed(0).padStart(6))
    return `  ${stage.padEnd(12)}${times.join('')}`
  })
  const head = `${what}: ${completed} wake calls in ${seconds.toFixed(1)} s, begun at ${startedPerSecond.toFixed(1)} calls/s, ${peak} at once`
  const lines = [head, `  ms since INVITE  p50   p90   p99   max`, ...rows]
  process.stderr.write(`${lines.join('\n')}\n`)
}

/** A pacing clock: the only thing that is waited for here is time itself. */
async function until(at: number): Promise<void> {
  const left = at - performance.now()
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
}

function summarize(
  reports: readonly { readonly call: number; readonly report: WakeCallReport }[],
): Pick<LoadReport, 'started' | 'completed' | 'failures' | 'stages'> {
  const failures = reports.flatMap(({ call, report }) =>
    report.failure === undefined
      ? []
      : [{ call, stage: report.failure.stage, reason: report.failure.reason }],
  )
  const times = stages.map((stage) => [stage, reports.map(({ report }) => report.stages[stage])] as const)
  return {
    started: reports.length,
    completed: reports.length - failures.length,
    failures,
    stages: Object.fromEntries(
      times.map(([stage, all]) => [stage, percentiles(all.filter((time) => time !== undefined))]),
    ),
  }
}

function percentiles(times: readonly number[]): Percentiles {
  const sorted = [...times].sort((a, b) => a - b)
  const of = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
  return { p50: of(0.5), p90: of(0.9), p99: of(0.99), max: of(1) }
}
