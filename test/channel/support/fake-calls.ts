import type { Accept, CallControl, CallRefusal, CallView, Decline } from '../../../src/ports/call-control.js'

/** Takes down what is asked of it, and answers as it is told. */
export class FakeCalls implements CallControl {
  readonly asked: unknown[] = []
  answer: (callId: string) => CallView | CallRefusal | Promise<CallView> = (callId) => view(callId)

  view(callId: string, deviceId: string): Promise<CallView | CallRefusal> {
    return this.#take('view', callId, deviceId)
  }
  accept(callId: string, deviceId: string, accept: Accept): Promise<CallView | CallRefusal> {
    return this.#take('accept', callId, deviceId, accept)
  }
  decline(callId: string, deviceId: string, decline: Decline): Promise<CallView | CallRefusal> {
    return this.#take('decline', callId, deviceId, decline)
  }
  hangUp(callId: string, deviceId: string): Promise<CallView | CallRefusal> {
    return this.#take('hangUp', callId, deviceId)
  }

  async #take(...asked: readonly [string, string, ...unknown[]]): Promise<CallView | CallRefusal> {
    this.asked.push(asked)
    return this.answer(asked[1])
  }
}

export function view(callId: string): CallView {
  return {
    kind: 'call',
    callId,
    state: 'accepted',
    yours: true,
    caller: '+15550001',
    callerName: null,
    callee: 'alice',
    startedAt: 1,
    deadline: null,
    ending: null,
  }
}
