import { Headers } from '../message/headers.js'
import { cseqOf, request as makeRequest, type SipRequest, type SipResponse } from '../message/message.js'
import { serialize } from '../message/serialize.js'
import type { Flow } from '../transport/transport.js'
import {
  NOBODY,
  Sender,
  type ClientHost,
  type ClientTransaction,
  type ClientUser,
  type HeaderLine,
} from './client-transaction.js'
import { timerDuration } from './durations.js'
import { ICT, type IctAction, type IctInput, type IctState, type IctTimer } from './ict.js'
import { Machine, type MachineHost } from './machine.js'
import { pack, unpack } from './packed.js'

/** An INVITE, the responses to it, its CANCEL, and the ACK to its failure. */
export class InviteClientTransaction
  extends Sender
  implements ClientTransaction, MachineHost<IctState, IctTimer, IctAction>
{
  private readonly machine: Machine<IctState, IctInput, IctTimer, IctAction>
  /** The response that is being looked at. */
  private latest: { response: SipResponse; flow: Flow } | undefined
  /** The ACK to the failure, to be sent again whenever that comes again. */
  private ack: string | undefined
  /** The CANCEL, once asked for. It is held back until there is a provisional response (§9.1). */
  private cancelRequest: SipRequest | undefined
  private cancelSent = false

  constructor(request: SipRequest, flow: Flow, user: ClientUser, host: ClientHost) {
    super(request, flow, user, host)
    this.machine = new Machine(ICT, this)
  }

  get cancelled(): boolean {
    return this.cancelRequest !== undefined
  }

  /** Whether a final response is still to come. */
  get pending(): boolean {
    return this.machine.state === 'calling' || this.machine.state === 'proceeding'
  }

  start(): void {
    this.machine.begin()
    this.send(false)
  }

  receive(response: SipResponse, flow: Flow): void {
    const { status } = response
    if (this.machine.state === 'completed') this.host.counters.retransmissionsIn++
    // A 100 says no more than that the request arrived; it does not restart timer C (§16.7 step 2).
    if (status === 100 && this.machine.state === 'proceeding') return
    this.latest = { response, flow }
    this.machine.handle(status < 200 ? '1xx' : status < 300 ? '2xx' : '300-699')
    this.latest = undefined
  }

  /** Whoever hears of responses from now on. */
  handTo(user: ClientUser): void {
    this.user = user
  }

  /** Asks for the call to be given up. Answers the CANCEL; undefined where a final response is there already. */
  cancel(lines: readonly HeaderLine[] = []): SipRequest | undefined {
    if (!this.pending) return undefined
    if (this.cancelRequest) return this.cancelRequest
    this.cancelRequest = this.derive('CANCEL', undefined, lines)
    if (this.machine.state === 'proceeding') this.sendCancel()
    return this.cancelRequest
  }

  protected lost(): void {
    this.machine.handle('transport error')
  }

  private sendCancel(): void {
    if (!this.cancelRequest || this.cancelSent) return
    this.cancelSent = true
    this.host.sendCancel(this.cancelRequest, this.flow)
    this.machine.handle('cancelled')
  }

  duration(name: IctTimer): number | undefined {
    return timerDuration(name, this.host.settings, this.flow.point.reliable, this.repeats)
  }

  entered(state: IctState): void {
    switch (state) {
      case 'calling':
      case 'proceeding':
        return
      case 'accepted':
        return this.settle()
      case 'completed':
        this.user = NOBODY
        return this.settle()
      case 'terminated':
        return this.over()
      default:
        state satisfies never
    }
  }

  perform(action: IctAction): void {
    switch (action) {
      case 'send request':
        return this.send(true)
      case 'send held CANCEL':
        return this.sendCancel()
      case 'CANCEL by timer':
        this.cancel()
        return
      case 'send ACK':
        return this.sendAck()
      case 'deliver response':
        if (this.latest) this.user.response(this.latest.response, this.latest.flow)
        return
      case 'report timeout':
        return this.user.failed('timeout')
      case 'report transport error':
        return this.user.failed('transport error')
      case 'arm A':
        return this.machine.arm('A')
      case 'arm C':
        return this.machine.arm('C')
      case 'arm X':
        return this.machine.arm('X')
      default:
        action satisfies never
    }
  }

  /** The ACK to a failure belongs to the transaction: same branch, To of the response (§17.1.1.3). */
  private sendAck(): void {
    this.ack ??= pack(serialize(this.derive('ACK', this.latest?.response.headers.get('to'), [])))
    this.host.counters.messagesOut++
    // If it is lost, the response comes again and with it the next ACK.
    this.flow.send(unpack(this.ack))
  }

  /** A CANCEL or ACK of this INVITE: the headers that must be the same are. */
  private derive(method: string, to: string | undefined, lines: readonly HeaderLine[]): SipRequest {
    const headers = new Headers()
    const invite = this.request.headers
    headers.add('Via', invite.list('via')[0] ?? '')
    headers.add('Max-Forwards', '70')
    for (const route of invite.lineValues('route')) headers.add('Route', route)
    headers.add('From', invite.get('from') ?? '')
    headers.add('To', to ?? invite.get('to') ?? '')
    headers.add('Call-ID', invite.get('call-id') ?? '')
    headers.add('CSeq', `${cseqOf(this.request)?.number ?? 1} ${method}`)
    for (const [name, value] of lines) headers.add(name, value)
    return makeRequest(method, this.request.uri, headers)
  }
}
