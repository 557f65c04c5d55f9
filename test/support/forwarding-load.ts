import { performance } from 'node:perf_hooks'
import {
  asleep,
  awake,
  type CellNetwork,
  type DivertingStyle,
  outside,
  PhoneApp,
  type Secondary,
  setForwarding,
  type Way,
} from '../../src/demo/carrier/index.js'
import {
  type Address,
  type ForwardedCallReport,
  forwardedStages,
  Phone,
  playForwardedCall,
  type PushService,
  SipPeer,
} from '../../src/demo/index.js'

export interface ForwardingLoadOptions {
  readonly network: CellNetwork
  readonly sip: { readonly udp: Address; readonly tcp: Address }
  readonly api: Address
  readonly domain: string
  readonly push: PushService
  readonly provider: string
  readonly password: string
  readonly subscribers: number
  readonly subscriber: (n: number) => SubscriberPlayers
}

/** Names of what belongs to one subscriber. */
export interface SubscriberPlayers {
  /** Number of the cell phone, in full. */
  readonly cell: string
  /** Client token of the app on it, and the id of its device. */
  readonly token: string
  readonly device: string
  /** Users, and a number outside. */
  readonly awake: string
  readonly asleep: string
  readonly outside: string
}

export interface PlayedCall {
  readonly call: number
  /** Which of the three took it: awake, asleep, outside. */
  readonly taker: number
  /** It waited for the caller; otherwise the caller was there first, or nearly. */
  readonly waited: boolean
  /** As the network has it. */
  readonly caller: string
  readonly report: ForwardedCallReport
}

/**
 * Each side of a call has a tone of its own among all calls that can be up with it, 25 Hz apart: who hears another one
 * than that of its partner was joined to somebody else. None is one of a ringback or comfort tone.
 */
export const TONES: readonly number[] = Array.from({ length: 116 }, (_, n) => 525 + 25 * n)

const DIVERTING: readonly DivertingStyle[] = ['diversion', 'history-info', 'neither']
const WAYS: readonly Way[] = ['channel', 'poll', 'push']

interface Ready {
  readonly names: SubscriberPlayers
  readonly app: PhoneApp
  readonly secondaries: readonly Secondary[]
}

/** Many primary calls in an open loop, each with three secondaries: a slow server does not slow the callers down. */
export class ForwardingLoad {
  readonly #ready: Ready[] = []
  readonly #phones: Phone[] = []

  private constructor(
    private readonly options: ForwardingLoadOptions,
    private readonly shared: SipPeer,
  ) {}

  /** Registers the phones, opens the apps, sets the forwarding. Rejects where anything is refused. */
  static async prepare(options: ForwardingLoadOptions): Promise<ForwardingLoad> {
    const shared = await SipPeer.open({ name: 'phones', protocol: 'udp', keepsLog: false })
    const load = new ForwardingLoad(options, shared)
    for (let n = 0; n < options.subscribers; n++) await load.#prepare(n)
    return load
  }

  /** Calls by their numbers, which say how each goes. `deadlineMs`: for each stage of each call. */
  async run(calls: readonly number[], perSecond: number, deadlineMs: number): Promise<readonly PlayedCall[]> {
    const startedAt = performance.now()
    const running: Promise<PlayedCall>[] = []
    for (const [nth, call] of calls.entries()) {
      await until(startedAt + (nth * 1000) / perSecond)
      running.push(this.#play(call, deadlineMs))
    }
    return Promise.all(running)
  }

  /** Calls that any player still has. */
  get left(): number {
    const atPhones = this.#phones.reduce((sum, phone) => sum + phone.calls.length, 0)
    return atPhones + this.options.network.calls.length + this.options.network.trunk.calls.length
  }

  /** What went wrong at an app, where nobody waited for it. */
  get faults(): readonly Error[] {
    return this.#ready.flatMap(({ app }) => app.faults)
  }

  async close(): Promise<void> {
    await Promise.all(this.#ready.map(({ app }) => app.close()))
    await Promise.all(this.#phones.map((phone) => phone.close()))
    await this.shared.close()
  }

  async #prepare(n: number): Promise<void> {
    const { network, api, push, provider, subscriber } = this.options
    const names = subscriber(n)
    const phone = network.phone({ number: names.cell, callWaiting: true })
    const way = WAYS[n % WAYS.length] ?? 'poll'
    const pushed = { service: push, token: names.device }
    const app = await PhoneApp.open(phone, { api, token: names.token, ways: [way], push: pushed })
    const secondaries = [
      awake(await this.#phone(names.awake)),
      asleep(await this.#phone(names.asleep, names.asleep), push, names.asleep),
      outside(network, names.outside),
    ]
    this.#ready.push({ names, app, secondaries })
    // The server instructs devices that it knows.
    const body = { provider, token: names.device, param: 'load' }
    const path = `/v1/devices/${names.device}`
    const { status } = await app.api.exchange({ method: 'PUT', path, body })
    if (status >= 300) throw new Error(`PUT ${path} got ${status}`)
    await setForwarding(phone, app.api, ['busy'])
  }

  /** Registered; with a push token it sleeps after that. */
  async #phone(user: string, pushToken?: string): Promise<Phone> {
    const { domain, password, provider, sip } = this.options
    const phone = new Phone({
      user,
      domain,
      credentials: { username: user, password },
      keepsLog: false,
      ...(pushToken === undefined
        ? { protocol: 'udp', proxy: sip.udp, shared: this.shared }
        : { protocol: 'tcp', proxy: sip.tcp }),
    })
    this.#phones.push(phone)
    phone.onInvite({})
    const contactParams =
      pushToken === undefined ? {} : { 'pn-provider': provider, 'pn-prid': pushToken, 'pn-param': 'load' }
    const { status, reason } = await phone.register({ contactParams })
    if (status !== 200) throw new Error(`${user}: REGISTER got ${status} ${reason}`)
    if (pushToken !== undefined) await phone.sleep()
    return phone
  }

  async #play(call: number, deadlineMs: number): Promise<PlayedCall> {
    const ready = this.#ready[call % this.#ready.length]
    if (ready === undefined) throw new Error('no subscribers')
    const { app, names, secondaries } = ready
    const [taker, waited] = [Math.floor(call / 2) % 3, call % 2 === 0]
    const number = `+1202556${String(call).padStart(4, '0')}`
    const report = await playForwardedCall(
      { network: this.options.network, app, subscriber: names.cell, secondaries },
      {
        from: { number },
        styles: { diverting: DIVERTING[call % DIVERTING.length] ?? 'neither' },
        taker,
        takes: waited ? 'at-once' : 'when-forwarded',
        tones: { caller: toneOf(2 * call), taker: toneOf(2 * call + 1) },
        hears: TONES,
        endedBy: call % 4 < 2 ? 'caller' : 'taker',
        talkMs: 500,
        deadlineMs,
      },
    )
    return { call, taker, waited, caller: number, report }
  }
}

function toneOf(n: number): number {
  return TONES[n % TONES.length] ?? 0
}

/** A pacing clock: the only thing that is waited for here is time itself. */
async function until(at: number): Promise<void> {
  const left = at - performance.now()
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
}

/** Figures for who reads the test's output: they depend on the machine, and nothing is held against them. */
export function tellStages(played: readonly PlayedCall[]): void {
  const row = (what: string, times: readonly number[]): string => {
    const sorted = [...times].sort((a, b) => a - b)
    const of = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
    const shown = [of(0.5), of(0.9), of(0.99), of(1)].map((ms) => ms.toFixed(1).padStart(9))
    return `  ${what.padEnd(22)}${shown.join('')}`
  }
  const rows = forwardedStages.map((stage) =>
    row(
      stage,
      played.flatMap(({ report }) => report.stages[stage] ?? []),
    ),
  )
  const joined = played.filter(({ report }) => report.result === 'joined').length
  const head = `${joined} of ${played.length} primary calls joined`
  process.stderr.write(
    [
      head,
      `  ms since it rang      ${['p50', 'p90', 'p99', 'max'].map((p) => p.padStart(9)).join('')}`,
      ...rows,
      '',
    ].join('\n'),
  )
}
