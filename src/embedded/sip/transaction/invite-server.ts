import type { SipRequest, SipResponse } from '../message/message.js'
import type { Flow } from '../transport/transport.js'
import { timerDuration } from './durations.js'
import { IST, type IstAction, type IstInput, type IstState, type IstTimer } from './ist.js'
import { Machine } from './machine.js'
import { Responder, type ServerHost, type ServerTransaction } from './server-transaction.js'

/** An INVITE and the responses to it. */
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
        if (state === 'confirmed') this.settled()
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

  /** An accepted INVITE is not even answered again (RFC 6026 §8.5). */
  override settled(): void {
    super.settled()
    if (this.machine.state === 'accepted') this.drop()
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
