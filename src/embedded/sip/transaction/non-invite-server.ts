import type { SipRequest, SipResponse } from '../message/message.js'
import type { Flow } from '../transport/transport.js'
import { timerDuration } from './durations.js'
import { Machine, type MachineHost } from './machine.js'
import { NIST, type NistAction, type NistInput, type NistState, type NistTimer } from './nist.js'
import { Responder, type ServerHost, type ServerTransaction } from './server-transaction.js'

/** Any request but INVITE and ACK, and the responses to it. */
export class NonInviteServerTransaction
  extends Responder
  implements ServerTransaction, MachineHost<NistState, NistTimer, NistAction>
{
  private readonly machine: Machine<NistState, NistInput, NistTimer, NistAction>

  constructor(request: SipRequest, flow: Flow, host: ServerHost, key: string, merge?: string) {
    super(request, flow, host, key, merge)
    this.machine = new Machine(NIST, this)
    this.machine.begin()
  }

  get invite(): boolean {
    return false
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

  duration(name: NistTimer): number | undefined {
    return timerDuration(name, this.host.settings, this.flow.point.reliable, 0)
  }

  entered(state: NistState): void {
    switch (state) {
      case 'trying':
      case 'proceeding':
        return
      case 'completed':
        return this.settled()
      case 'terminated':
        return this.host.ended(this)
      default:
        state satisfies never
    }
  }

  perform(action: NistAction): void {
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
