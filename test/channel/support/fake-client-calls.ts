import type {
  CallerCommand,
  CallerDone,
  CallerRefusal,
  CallingRefusal,
  ChannelCaller,
  ChannelCallRequest,
  ClientCalls,
} from '../../../src/ports/client-calls.js'

/** Takes down what clients ask for of calls that they make, and answers as it is told. */
export class FakeClientCalls implements ClientCalls {
  readonly asked: unknown[] = []
  /** Calls that live on this node. */
  readonly own = new Set<string>()
  called: { kind: 'calling'; callId: string } | CallingRefusal = { kind: 'calling', callId: 'call-1' }
  done: CallerDone | CallerRefusal = { kind: 'refused', why: 'not-found', detail: 'no such call' }

  call(
    caller: ChannelCaller,
    request: ChannelCallRequest,
  ): Promise<{ kind: 'calling'; callId: string } | CallingRefusal> {
    this.asked.push(['call', caller, request])
    return Promise.resolve(this.called)
  }

  owns(_caller: Pick<ChannelCaller, 'address'>, callId: string): boolean {
    return this.own.has(callId)
  }

  command(
    { address }: Pick<ChannelCaller, 'address'>,
    callId: string,
    command: CallerCommand,
  ): Promise<CallerDone | CallerRefusal> {
    this.asked.push([address, callId, command])
    return Promise.resolve(this.done)
  }
}
