import type { SipRequest, SipResponse } from '../message/message.js'
import type { Flow } from '../transport/transport.js'
import {
  NOBODY,
  Sender,
  type ClientHost,
  type ClientTransaction,
  type ClientUser,
} from './client-transaction.js'
import { timerDuration } from './durations.js'
import { Machine, type MachineHost } from './machine.js'
import { NICT, type NictAction, type NictInput, type NictState, type NictTimer } from './nict.js'

/** Any request but INVITE and ACK, and the responses to it. */
export class NonInviteClientTransaction
  extends Sender
  implements ClientTransaction, MachineHost<NictState, NictTimer, NictAction>
{
  private readonly machine: Machine<NictState, NictInput, NictTimer, NictAction>
  /** The response that is being looked at. */
  private latest: { response: SipResponse; flow: Flow } | undefined

  constructor(request: SipRequest, flow: Flow, user: ClientUser, host: ClientHost) {
    super(request, flow, user, host)
    this.machine = new Machine(NICT, this)
  }

  start(): void {
    this.machine.begin()
    this.send(false)
  }

  receive(response: SipResponse, flow: Flow): void {
    this.latest = { response, flow }
    if (this.machine.state === 'completed') this.host.counters.retransmissionsIn++
    this.machine.handle(response.status < 200 ? '1xx' : '200-699')
    this.latest = undefined
  }

  protected lost(): void {
    this.machine.handle('transport error')
  }

  duration(name: NictTimer): number | undefined {
    const { settings } = this.host
    const reliable = this.flow.point.reliable
    // §17.1.2.2: once a provisional is there, repeats come every T2.
    if (name === 'E' && !reliable && this.machine.state === 'proceeding') return settings.t2
    return timerDuration(name, settings, reliable, this.repeats)
  }

  entered(state: NictState): void {
    switch (state) {
      case 'trying':
      case 'proceeding':
        return
      case 'completed':
        this.user = NOBODY
        return this.settle()
      case 'terminated':
        return this.over()
      default:
        state satisfies never
    }
  }

  perform(action: NictAction): void {
    switch (action) {
      case 'send request':
        return this.send(true)
      case 'arm E':
        return this.machine.arm('E')
      case 'deliver response':
        if (this.latest) this.user.response(this.latest.response, this.latest.flow)
        return
      case 'report timeout':
        return this.user.failed('timeout')
      case 'report transport error':
        return this.user.failed('transport error')
      default:
        action satisfies never
    }
  }
}
