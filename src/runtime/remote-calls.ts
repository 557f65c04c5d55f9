import { Questions } from '../nodes/questions.js'
import type { Bus, BusMessage } from '../ports/bus.js'
import type { CallRefusal, CallRequest, CallView } from '../ports/call-control.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'

export interface RemoteCallsDeps {
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
  readonly ids: () => string
  /** What this node says of a call of its own; undefined where the call is none of its own. */
  readonly answer: (
    callId: string,
    deviceId: string,
    request: CallRequest,
  ) => Promise<CallView | CallRefusal> | undefined
}

/** What devices say of calls that live on another node: asked over the bus, answered by whoever has the call. */
export class RemoteCalls {
  private readonly questions: Questions<CallView | CallRefusal>

  constructor(private readonly deps: RemoteCallsDeps) {
    this.questions = new Questions(deps.clock, deps.ids)
  }

  /** Undefined where no node has the call, or none says so in time. Rejects where the bus cannot carry it. */
  ask(callId: string, deviceId: string, request: CallRequest): Promise<CallView | CallRefusal | undefined> {
    return this.questions.ask((id) =>
      this.deps.bus.publish({ type: 'call-request', id, callId, deviceId, request }),
    )
  }

  heard(message: BusMessage): void {
    if (message.type === 'call-reply') return this.questions.answered(message.id, message.reply)
    if (message.type !== 'call-request' || this.questions.isOurs(message.id)) return
    const { id, callId, deviceId, request } = message
    const answer = this.deps.answer(callId, deviceId, request)
    answer
      ?.then((reply) => this.deps.bus.publish({ type: 'call-reply', id, reply }))
      .catch((error: unknown) => {
        this.deps.log.warn({ err: error, callId, deviceId }, "another node's request was not answered")
      })
  }
}
