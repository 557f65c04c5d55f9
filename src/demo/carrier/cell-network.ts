import { Caller } from '../caller.js'
import { now } from '../clock.js'
import type { IncomingCall, InvitePolicy } from '../incoming-call.js'
import type { LadderEvent } from '../ladder.js'
import type { MediaOptions } from '../media-session.js'
import type { OutgoingCall } from '../outgoing-call.js'
import type { SipRequest } from '../sip/message.js'
import { parseUri, type Address } from '../sip/uri.js'
import type { InviteDecision } from '../user-agent.js'
import { Inbox, WaitError } from '../waiting.js'
import { CellCall, type StoppedBecause } from './cell-call.js'
import { CellPhone, type CellPhoneOptions } from './cell-phone.js'
import { readDialCode, type Condition } from './dial-code.js'
import { Forwarding } from './forwarding.js'
import {
  divertingHeaders,
  fromOf,
  type DivertingStyle,
  type NumberStyle,
  type Party,
  type Styles,
} from './forwarded-invite.js'
import { relay } from './relay.js'

export interface CellNetworkOptions {
  /** Where forwarded calls go. */
  readonly proxy: Address
  /** Of the network's URIs; default `carrier.example`. */
  readonly domain?: string
  /** The host part of the DIDs' URIs. */
  readonly didDomain: string
  /** Default `diversion`. */
  readonly diverting?: DivertingStyle
  /** Default `international`. */
  readonly numbers?: NumberStyle
  /** Default `1`. */
  readonly countryCode?: string
  /** How long a second of the network's own timers takes, ms; default 1,000. */
  readonly secondMs?: number
  /** What it takes to forward a call, ms; default none. */
  readonly forwardAfterMs?: number
  readonly host?: string
  readonly port?: number
  readonly keepsLog?: boolean
  readonly media?: MediaOptions
}

interface Line {
  readonly phone: CellPhone
  readonly forwarding: Forwarding
}

const FOREVER_MS = 2 ** 31 - 1

/**
 * A cell network with its subscribers: rings their phones, forwards on busy, no reply and not reachable as they have
 * dialled, and is the trunk by which forwarded calls leave and calls to its numbers come.
 */
export class CellNetwork {
  /** What happens between callers, the network and its phones, for a ladder. */
  readonly events: LadderEvent[] = []
  readonly #lines = new Map<string, Line>()
  readonly #calls = new Set<CellCall>()
  readonly #incoming = new Inbox<IncomingCall>()
  readonly #styles: Styles
  #decision: InviteDecision = {}

  private constructor(
    /** Its trunk: SIP as it goes out and comes in. */
    readonly trunk: Caller,
    private readonly options: CellNetworkOptions,
  ) {
    const { domain = 'carrier.example', diverting = 'diversion' } = options
    const { numbers = 'international', countryCode = '1' } = options
    this.#styles = { domain, diverting, numbers, countryCode }
    trunk.onInvite((invite) => this.#decide(invite))
    void this.#take()
  }

  /** Rejects where the port is taken. */
  static async open(options: CellNetworkOptions): Promise<CellNetwork> {
    const { proxy, host, port, keepsLog, media, domain } = options
    const trunk = await Caller.open({
      user: 'carrier',
      protocol: 'udp',
      domain: domain ?? 'carrier.example',
      proxy,
      host,
      port,
      keepsLog,
      media,
    })
    return new CellNetwork(trunk, options)
  }

  /** A subscriber gets a phone. */
  phone(options: CellPhoneOptions): CellPhone {
    const forwarding = new Forwarding()
    const phone = new CellPhone(options, (code) => {
      const command = readDialCode(code)
      return command !== undefined && forwarding.obey(this.#inFull(command))
    })
    this.#lines.set(options.number, { phone, forwarding })
    return phone
  }

  /** Somebody calls a subscriber. Throws for a number of somebody else's. `diverting`: other than the network's. */
  call(from: Party, to: string, options: { readonly media?: MediaOptions } & Partial<Styles> = {}): CellCall {
    const { media, ...styles } = options
    const line = this.#lines.get(to)
    if (line === undefined) throw new Error(`${to} is no subscriber`)
    const call: CellCall = new CellCall(from, to, {
      noReplyMs: this.#noReplyMs(line),
      forwardAfterMs: this.options.forwardAfterMs ?? 0,
      stopped: (stopped, why) => this.#stopped(line, stopped, why),
      forward: (_, because) => this.#forward(line, from, because, { ...this.#styles, ...styles }, media),
    })
    this.#calls.add(call)
    void call.ended.then(() => this.#calls.delete(call))
    this.#happened('caller', 'network', 'call')
    this.#deliver(line, call)
    return call
  }

  /** What other numbers of the network do with calls: those to its subscribers ring the phones. */
  onInvite(decision: InviteDecision): void {
    this.#decision = decision
  }

  /** Each call to a number that is no subscriber's, once. Rejects with WaitError. */
  nextCall(number: string, deadlineMs = 5000): Promise<IncomingCall> {
    return this.#incoming.next(`call to ${number}`, deadlineMs, ({ invite }) => calledIn(invite) === number)
  }

  /** Those that are not over. */
  get calls(): readonly CellCall[] {
    return [...this.#calls]
  }

  /** Calls that are up die without a word. */
  async close(): Promise<void> {
    for (const call of this.#calls) call.abandon()
    await this.trunk.close()
    this.#incoming.close('the network closed')
  }

  #deliver(line: Line, call: CellCall): void {
    if (!line.phone.reachable) return call.divert('not-reachable')
    if (line.phone.busy) return call.divert('busy')
    this.#happened('network', 'cell phone', 'rings')
    line.phone.ring(call)
  }

  #stopped({ phone }: Line, call: CellCall, why: StoppedBecause): void {
    if (why === 'rejected' || why === 'answered') this.#happened('cell phone', 'network', why)
    else this.#happened('network', 'cell phone', 'stops ringing')
    phone.stopped(call, why)
  }

  #forward(
    { phone, forwarding }: Line,
    from: Party,
    because: Condition,
    styles: Styles,
    media?: MediaOptions,
  ): Promise<OutgoingCall> | undefined {
    const did = forwarding.to(because)
    if (did === undefined) return undefined
    return this.trunk.call(`sip:${did}@${this.options.didDomain}`, {
      from: fromOf(from, styles),
      headers: divertingHeaders({ from, subscriber: phone.number, did, because }, styles),
      ...(media === undefined ? {} : { media }),
    })
  }

  #decide(invite: SipRequest): InvitePolicy {
    if (this.#lines.has(calledIn(invite))) return {}
    return typeof this.#decision === 'function' ? this.#decision(invite) : this.#decision
  }

  /** Calls to the network's numbers, until its trunk closes. */
  async #take(): Promise<void> {
    try {
      for (;;) this.#taken(await this.trunk.nextCall(FOREVER_MS))
    } catch (error) {
      if (!(error instanceof WaitError)) throw error
    }
  }

  #taken(incoming: IncomingCall): void {
    const called = calledIn(incoming.invite)
    if (this.#lines.has(called)) relay(incoming, (from) => this.call(from, called))
    else this.#incoming.deliver(incoming)
  }

  #noReplyMs({ forwarding }: Line): number | undefined {
    const { noReplySeconds } = forwarding
    return noReplySeconds === undefined ? undefined : noReplySeconds * (this.options.secondMs ?? 1000)
  }

  /** A number of the country, as codes of some networks have it. */
  #inFull<T extends { readonly number?: string }>(command: T): T {
    const { number } = command
    if (number === undefined || number.startsWith('+')) return command
    return { ...command, number: `+${this.#styles.countryCode}${number}` }
  }

  #happened(from: string, to: string, label: string): void {
    if (this.options.keepsLog !== false) this.events.push({ at: now(), from, to, label })
  }
}

/** User part of the Request-URI. */
function calledIn(invite: SipRequest): string {
  return parseUri(invite.uri)?.user ?? ''
}
