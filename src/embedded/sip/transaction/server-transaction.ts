import { Headers } from '../message/headers.js'
import { request as makeRequest, type SipRequest, type SipResponse } from '../message/message.js'
import { serialize } from '../message/serialize.js'
import { pack, unpack } from './packed.js'
import type { SipTimers } from '../options.js'
import type { Counters } from '../stats.js'
import type { TimerSet } from '../timer-set.js'
import type { Flow } from '../transport/transport.js'

export interface ServerHost {
  readonly timers: TimerSet
  readonly settings: SipTimers
  readonly counters: Counters
  /** The transaction is over that was made for these keys. */
  ended(keys: ServerKeys): void
}

/** What a request is found by, and where it may have come here on several ways, what its copies have in common. */
export interface ServerKeys {
  readonly key: string
  readonly merge: string | undefined
}

/** A request received, and the responses to it. */
export interface ServerTransaction {
  /** The request; an empty one once the transaction only absorbs repetitions. */
  readonly request: SipRequest
  readonly flow: Flow
  readonly invite: boolean
  /** Whether a final response may still be sent. */
  readonly open: boolean
  /** The status last sent. */
  readonly status: number | undefined
  respond(response: SipResponse): void
  /** Forgets a request that nobody will answer. */
  abandon(): void
  /** The request again, or for an INVITE its ACK. */
  receive(request: SipRequest): void
  /** Nobody will look at the request any more. What is left of the transaction lives on, half a minute and small. */
  settled(): void
}

const FORGOTTEN: SipRequest = makeRequest('', '', new Headers())

/** Keeps the last response for repeating, and reports the loss of the flow. */
export abstract class Responder implements ServerKeys {
  /** The last response, to be repeated. */
  private last: Buffer | string | undefined
  status: number | undefined

  constructor(
    public request: SipRequest,
    readonly flow: Flow,
    protected readonly host: ServerHost,
    readonly key: string,
    readonly merge: string | undefined,
  ) {}

  get timers(): TimerSet {
    return this.host.timers
  }

  protected abstract lost(): void

  settled(): void {
    this.request = FORGOTTEN
  }

  protected keep(response: SipResponse): void {
    this.last = serialize(response)
    this.status = response.status
  }

  protected drop(): void {
    this.last = undefined
  }

  protected send(again: boolean): void {
    if (this.last === undefined) return
    const bytes = unpack(this.last)
    // It is kept for as long as half a minute.
    this.last = pack(this.last)
    this.host.counters.messagesOut++
    if (again) this.host.counters.retransmissionsOut++
    this.flow.send(bytes, () => this.lost())
  }
}
