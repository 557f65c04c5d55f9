import { Headers } from '../message/headers.js'
import {
  cseqOf,
  request as makeRequest,
  topVia,
  type SipRequest,
  type SipResponse,
} from '../message/message.js'
import { serialize } from '../message/serialize.js'
import type { SipTimers } from '../options.js'
import type { Counters } from '../stats.js'
import type { TimerSet } from '../timer-set.js'
import type { Flow } from '../transport/transport.js'
import { timerDuration } from './durations.js'
import { ICT, type IctAction, type IctInput, type IctState, type IctTimer } from './ict.js'
import { Machine } from './machine.js'
import { NICT, type NictAction, type NictInput, type NictState, type NictTimer } from './nict.js'

/** Why a request got no final response: nobody answered, or nobody could be reached. */
export type ClientFailure = 'timeout' | 'transport error'

/** Who sent a request, and hears what becomes of it. */
export interface ClientUser {
  /** Every response but retransmissions that the transaction absorbs; each 2xx to an INVITE comes here. */
  response(response: SipResponse, flow: Flow): void
  /** There was no final response, and none will be. */
  failed(failure: ClientFailure): void
}

export interface ClientHost {
  readonly timers: TimerSet
  readonly settings: SipTimers
  readonly counters: Counters
  ended(transaction: ClientTransaction): void
  /** Sends the CANCEL of an INVITE in a transaction of its own (RFC 3261 §9.1). */
  sendCancel(cancel: SipRequest, flow: Flow): void
}

export interface ClientTransaction {
  readonly request: SipRequest
  readonly flow: Flow
  start(): void
  receive(response: SipResponse, flow: Flow): void
}

export type HeaderLine = readonly [name: string, value: string]

/** Sending, counting and losing the flow: the same for both kinds. */
abstract class Sender {
  protected readonly bytes: Buffer
  protected latest: { response: SipResponse; flow: Flow } | undefined
  protected repeats = 0
  private readonly unsubscribe: () => void

  constructor(
    readonly request: SipRequest,
    readonly flow: Flow,
    protected readonly user: ClientUser,
    protected readonly host: ClientHost,
  ) {
    this.bytes = serialize(request)
    this.unsubscribe = flow.onClose(() => this.lost())
  }

  protected abstract lost(): void

  protected send(again: boolean): void {
    this.host.counters.messagesOut++
    if (again) {
      this.repeats++
      this.host.counters.retransmissionsOut++
    }
    this.flow.send(this.bytes, () => this.lost())
  }

  protected deliver(): void {
    if (this.latest) this.user.response(this.latest.response, this.latest.flow)
  }

  protected over(transaction: ClientTransaction): void {
    this.unsubscribe()
    this.host.ended(transaction)
  }
}

export class NonInviteClientTransaction extends Sender implements ClientTransaction {
  private readonly machine: Machine<NictState, NictInput, NictTimer, NictAction>

  constructor(request: SipRequest, flow: Flow, user: ClientUser, host: ClientHost) {
    super(request, flow, user, host)
    this.machine = new Machine(NICT, {
      timers: host.timers,
      duration: (name) => this.duration(name),
      perform: (action) => this.perform(action),
      entered: (state) => {
        if (state === 'terminated') this.over(this)
      },
    })
  }

  start(): void {
    this.machine.begin()
    this.send(false)
  }

  receive(response: SipResponse, flow: Flow): void {
    this.latest = { response, flow }
    if (this.machine.state === 'completed') this.host.counters.retransmissionsIn++
    this.machine.handle(response.status < 200 ? '1xx' : '200-699')
  }

  protected lost(): void {
    this.machine.handle('transport error')
  }

  private duration(name: NictTimer): number | undefined {
    const { settings } = this.host
    const reliable = this.flow.point.reliable
    // §17.1.2.2: once a provisional is there, repeats come every T2.
    if (name === 'E' && !reliable && this.machine.state === 'proceeding') return settings.t2
    return timerDuration(name, settings, reliable, this.repeats)
  }

  private perform(action: NictAction): void {
    switch (action) {
      case 'send request':
        return this.send(true)
      case 'arm E':
        return this.machine.arm('E')
      case 'deliver response':
        return this.deliver()
      case 'report timeout':
        return this.user.failed('timeout')
      case 'report transport error':
        return this.user.failed('transport error')
      default:
        action satisfies never
    }
  }
}

export class InviteClientTransaction extends Sender implements ClientTransaction {
  private readonly machine: Machine<IctState, IctInput, IctTimer, IctAction>
  /** The CANCEL, once asked for. It is held back until there is a provisional response (§9.1). */
  private cancelRequest: SipRequest | undefined
  private cancelSent = false

  constructor(request: SipRequest, flow: Flow, user: ClientUser, host: ClientHost) {
    super(request, flow, user, host)
    this.machine = new Machine(ICT, {
      timers: host.timers,
      duration: (name) => timerDuration(name, host.settings, flow.point.reliable, this.repeats),
      perform: (action) => this.perform(action),
      entered: (state) => {
        if (state === 'terminated') this.over(this)
      },
    })
  }

  get cancelled(): boolean {
    return this.cancelRequest !== undefined
  }

  /** Whether a final response is still to come. */
  get pending(): boolean {
    return this.machine.state === 'calling' || this.machine.state === 'proceeding'
  }

  start(): void {
    this.machine.begin()
    this.send(false)
  }

  receive(response: SipResponse, flow: Flow): void {
    this.latest = { response, flow }
    const { status } = response
    if (this.machine.state === 'completed') this.host.counters.retransmissionsIn++
    // A 100 says no more than that the request arrived; it does not restart timer C (§16.7 step 2).
    if (status === 100 && this.machine.state === 'proceeding') return
    this.machine.handle(status < 200 ? '1xx' : status < 300 ? '2xx' : '300-699')
  }

  /** Asks for the call to be given up. Answers the CANCEL; undefined where a final response is there already. */
  cancel(lines: readonly HeaderLine[] = []): SipRequest | undefined {
    if (!this.pending) return undefined
    if (this.cancelRequest) return this.cancelRequest
    this.cancelRequest = this.derive('CANCEL', undefined, lines)
    if (this.machine.state === 'proceeding') this.sendCancel()
    return this.cancelRequest
  }

  protected lost(): void {
    this.machine.handle('transport error')
  }

  private sendCancel(): void {
    if (!this.cancelRequest || this.cancelSent) return
    this.cancelSent = true
    this.host.sendCancel(this.cancelRequest, this.flow)
    this.machine.handle('cancelled')
  }

  private perform(action: IctAction): void {
    switch (action) {
      case 'send request':
        return this.send(true)
      case 'send held CANCEL':
        return this.sendCancel()
      case 'CANCEL by timer':
        this.cancel()
        return
      case 'send ACK':
        return this.sendAck()
      case 'deliver response':
        return this.deliver()
      case 'report timeout':
        return this.user.failed('timeout')
      case 'report transport error':
        return this.user.failed('transport error')
      case 'arm A':
        return this.machine.arm('A')
      case 'arm C':
        return this.machine.arm('C')
      case 'arm X':
        return this.machine.arm('X')
      default:
        action satisfies never
    }
  }

  /** The ACK to a failure belongs to the transaction: same branch, To of the response (§17.1.1.3). */
  private sendAck(): void {
    if (!this.latest) return
    const ack = this.derive('ACK', this.latest.response.headers.get('to'), [])
    this.host.counters.messagesOut++
    // If it is lost, the response comes again and with it the next ACK.
    this.flow.send(serialize(ack))
  }

  /** A CANCEL or ACK of this INVITE: the headers that must be the same are. */
  private derive(method: string, to: string | undefined, lines: readonly HeaderLine[]): SipRequest {
    const headers = new Headers()
    const invite = this.request.headers
    headers.add('Via', invite.list('via')[0] ?? '')
    headers.add('Max-Forwards', '70')
    for (const route of invite.lineValues('route')) headers.add('Route', route)
    headers.add('From', invite.get('from') ?? '')
    headers.add('To', to ?? invite.get('to') ?? '')
    headers.add('Call-ID', invite.get('call-id') ?? '')
    headers.add('CSeq', `${cseqOf(this.request)?.number ?? 1} ${method}`)
    for (const [name, value] of lines) headers.add(name, value)
    return makeRequest(method, this.request.uri, headers)
  }
}

export function branchOf(request: SipRequest): string {
  return topVia(request)?.params.get('branch') ?? ''
}
