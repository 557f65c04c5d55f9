import type { SipRequest, SipResponse } from '../message/message.js'
import { serialize } from '../message/serialize.js'
import type { SipTimers } from '../options.js'
import type { Counters } from '../stats.js'
import type { TimerSet } from '../timer-set.js'
import type { Flow } from '../transport/transport.js'
import { timerDuration } from './durations.js'
import { IST, type IstAction, type IstInput, type IstState, type IstTimer } from './ist.js'
import { Machine } from './machine.js'
import { NIST, type NistAction, type NistInput, type NistState, type NistTimer } from './nist.js'

export interface ServerHost {
  readonly timers: TimerSet
  readonly settings: SipTimers
  readonly counters: Counters
  ended(transaction: ServerTransaction): void
}

/** A request received, and the responses to it. */
export interface ServerTransaction {
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
}

/** Keeps the last response for repeating, and reports the loss of the flow. */
abstract class Responder {
  private last: Buffer | undefined
  status: number | undefined

  constructor(
    readonly request: SipRequest,
    readonly flow: Flow,
    protected readonly host: ServerHost,
  ) {}

  protected abstract lost(): void

  protected keep(response: SipResponse): void {
    this.last = serialize(response)
    this.status = response.status
  }

  protected send(again: boolean): void {
    if (!this.last) return
    this.host.counters.messagesOut++
    if (again) this.host.counters.retransmissionsOut++
    this.flow.send(this.last, () => this.lost())
  }
}

export class NonInviteServerTransaction extends Responder implements ServerTransaction {
  readonly invite = false
  private readonly machine: Machine<NistState, NistInput, NistTimer, NistAction>

  constructor(request: SipRequest, flow: Flow, host: ServerHost) {
    super(request, flow, host)
    this.machine = new Machine(NIST, {
      timers: host.timers,
      duration: (name) => timerDuration(name, host.settings, flow.point.reliable, 0),
      perform: (action) => this.perform(action),
      entered: (state) => {
        if (state === 'terminated') host.ended(this)
      },
    })
    this.machine.begin()
  }

  get open(): boolean {
    return this.machine.state === 'trying' || this.machine.state === 'proceeding'
  }

  respond(response: SipResponse): void {
    if (!this.open) return
    this.keep(response)
    this.machine.handle(response.status < 200 ? '1xx' : '200-699')
  }

  abandon(): void {
    this.machine.handle('abandon')
  }

  receive(): void {
    this.host.counters.retransmissionsIn++
    this.machine.handle('request')
  }

  protected lost(): void {
    this.machine.handle('transport error')
  }

  private perform(action: NistAction): void {
    switch (action) {
      case 'send response':
        return this.send(false)
      case 'repeat response':
        return this.send(true)
      case 'report transport error':
        // Counted by the flow. The sender repeats its request, or gives up by its own timer.
        return
      default:
        action satisfies never
    }
  }
}

export class InviteServerTransaction extends Responder implements ServerTransaction {
  readonly invite = true
  private readonly machine: Machine<IstState, IstInput, IstTimer, IstAction>
  private repeats = 0

  constructor(request: SipRequest, flow: Flow, host: ServerHost) {
    super(request, flow, host)
    this.machine = new Machine(IST, {
      timers: host.timers,
      duration: (name) => timerDuration(name, host.settings, flow.point.reliable, this.repeats),
      perform: (action) => this.perform(action),
      entered: (state) => {
        if (state === 'terminated') host.ended(this)
      },
    })
    this.machine.begin()
  }

  get state(): IstState {
    return this.machine.state
  }

  get open(): boolean {
    return this.machine.state === 'proceeding'
  }

  /** In `accepted`, the 2xx may be sent again and again: its repetition is the user's (§13.3.1.4). */
  respond(response: SipResponse): void {
    const { status } = response
    const again = this.machine.state === 'accepted' && status >= 200 && status < 300
    if (!this.open && !again) return
    if (again) this.host.counters.retransmissionsOut++
    this.keep(response)
    this.machine.handle(status < 200 ? '1xx' : status < 300 ? '2xx' : '300-699')
  }

  abandon(): void {
    this.machine.handle('abandon')
  }

  receive(request: SipRequest): void {
    if (request.method === 'ACK') return this.machine.handle('ACK')
    this.host.counters.retransmissionsIn++
    this.machine.handle('INVITE')
  }

  protected lost(): void {
    this.machine.handle('transport error')
  }

  private perform(action: IstAction): void {
    switch (action) {
      case 'send response':
        return this.send(false)
      case 'repeat response':
        this.repeats++
        return this.send(true)
      case 'arm G':
        return this.machine.arm('G')
      case 'report no ACK':
      case 'report transport error':
        // A failure was sent and nothing hangs on it any more; a 2xx is watched over by its dialog.
        return
      default:
        action satisfies never
    }
  }
}
