import type { SipRequest, SipResponse } from '../message/message.js'
import type { Flow } from '../transport/transport.js'
import { Sender, type ClientHost, type ClientTransaction, type ClientUser } from './client-transaction.js'
import { timerDuration } from './durations.js'
import { Machine } from './machine.js'
import { NICT, type NictAction, type NictInput, type NictState, type NictTimer } from './nict.js'

/** Any request but INVITE and ACK, and the responses to it. */
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
