import { topVia, type SipRequest, type SipResponse } from '../message/message.js'
import { serialize } from '../message/serialize.js'
import type { SipTimers } from '../options.js'
import type { Counters } from '../stats.js'
import type { TimerSet } from '../timer-set.js'
import type { Flow } from '../transport/transport.js'

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
export abstract class Sender {
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

export function branchOf(request: SipRequest): string {
  return topVia(request)?.params.get('branch') ?? ''
}
