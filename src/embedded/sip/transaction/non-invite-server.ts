import type { SipRequest, SipResponse } from '../message/message.js'
import type { Flow } from '../transport/transport.js'
import { timerDuration } from './durations.js'
import { Machine } from './machine.js'
import { NIST, type NistAction, type NistInput, type NistState, type NistTimer } from './nist.js'
import { Responder, type ServerHost, type ServerTransaction } from './server-transaction.js'

/** Any request but INVITE and ACK, and the responses to it. */
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
        if (state === 'completed') this.settled()
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
