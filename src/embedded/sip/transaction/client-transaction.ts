import { NO_BODY, request as makeRequest, topVia } from '../message/message.js'
import type { SipRequest, SipResponse } from '../message/message.js'
import { serialize } from '../message/serialize.js'
import type { SipTimers } from '../options.js'
import type { Counters } from '../stats.js'
import type { TimerSet } from '../timer-set.js'
import type { Flow } from '../transport/transport.js'
import { clientKey } from './keys.js'
import { pack, unpack } from './packed.js'

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
  /** The transaction of that key is over. */
  ended(key: string): void
  /** Sends the CANCEL of an INVITE in a transaction of its own (RFC 3261 §9.1). */
  sendCancel(cancel: SipRequest, flow: Flow): void
}

export interface ClientTransaction {
  /** What responses are matched by. */
  readonly key: string
  /** The request; once its final response was handed on, without its body. */
  readonly request: SipRequest
  readonly flow: Flow
  start(): void
  receive(response: SipResponse, flow: Flow): void
}

export type HeaderLine = readonly [name: string, value: string]

/** For a CANCEL, whose INVITE gets the response that counts, and for what only lingers. */
export const NOBODY: ClientUser = { response: () => undefined, failed: () => undefined }

/** Sending, counting and losing the flow: the same for both kinds. */
export abstract class Sender {
  readonly key: string
  protected repeats = 0
  /** The request as it is sent, until there is a final response. */
  private bytes: Buffer | string | undefined
  private unsubscribe: (() => void) | undefined

  constructor(
    public request: SipRequest,
    readonly flow: Flow,
    protected user: ClientUser,
    protected readonly host: ClientHost,
  ) {
    this.key = clientKey(topVia(request)?.branch ?? '', request.method)
    this.bytes = serialize(request)
    // Datagram flows are never lost.
    if (flow.point.reliable) this.unsubscribe = flow.onClose(() => this.lost())
  }

  get timers(): TimerSet {
    return this.host.timers
  }

  protected abstract lost(): void

  protected send(again: boolean): void {
    if (this.bytes === undefined) return
    const bytes = unpack(this.bytes)
    this.bytes = pack(this.bytes)
    this.host.counters.messagesOut++
    if (again) {
      this.repeats++
      this.host.counters.retransmissionsOut++
    }
    this.flow.send(bytes, () => this.lost())
  }

  /** The request is sent no more. Half a minute of repeated responses is still to be absorbed: that takes little. */
  protected settle(): void {
    this.bytes = undefined
    this.unsubscribe?.()
    this.unsubscribe = undefined
    const { method, uri, headers, body } = this.request
    if (body.length > 0) this.request = makeRequest(method, uri, headers, NO_BODY)
  }

  protected over(): void {
    this.unsubscribe?.()
    this.unsubscribe = undefined
    this.host.ended(this.key)
  }
}
