import { respondTo } from '../message/build.js'
import type { SipRequest, SipResponse } from '../message/message.js'
import type { Flow } from '../transport/transport.js'
import { timerDuration } from './durations.js'
import { IST, type IstAction, type IstInput, type IstState, type IstTimer } from './ist.js'
import { Machine, type MachineHost } from './machine.js'
import { Responder, type ServerHost, type ServerTransaction } from './server-transaction.js'

/** An INVITE and the responses to it. */
export class InviteServerTransaction
  extends Responder
  implements ServerTransaction, MachineHost<IstState, IstTimer, IstAction>
{
  private readonly machine: Machine<IstState, IstInput, IstTimer, IstAction>
  private repeats = 0

  constructor(request: SipRequest, flow: Flow, host: ServerHost, key: string, merge?: string) {
    super(request, flow, host, key, merge)
    this.machine = new Machine(IST, this)
    this.machine.begin()
  }

  get invite(): boolean {
    return true
  }

  get state(): IstState {
    return this.machine.state
  }

  get open(): boolean {
    return this.machine.state === 'trying' || this.machine.state === 'proceeding'
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

  /** An accepted INVITE is not even answered again (RFC 6026 §8.5), nor is a refused one after its ACK. */
  override settled(): void {
    super.settled()
    const { state } = this.machine
    if (state === 'accepted' || state === 'confirmed') this.drop()
  }

  receive(request: SipRequest): void {
    if (request.method === 'ACK') return this.machine.handle('ACK')
    this.host.counters.retransmissionsIn++
    this.machine.handle('INVITE')
  }

  protected lost(): void {
    this.machine.handle('transport error')
  }

  duration(name: IstTimer): number | undefined {
    return timerDuration(name, this.host.settings, this.flow.point.reliable, this.repeats)
  }

  entered(state: IstState): void {
    switch (state) {
      case 'trying':
      case 'proceeding':
      case 'accepted':
      case 'completed':
        return
      case 'confirmed':
        return this.settled()
      case 'terminated':
        return this.host.ended(this)
      default:
        state satisfies never
    }
  }

  perform(action: IstAction): void {
    switch (action) {
      case 'send 100':
        this.keep(respondTo(this.request, 100))
        return this.send(false)
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
