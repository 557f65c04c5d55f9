import { Questions } from '../nodes/questions.js'
import type { Bus, BusMessage } from '../ports/bus.js'
import type { CallerCommand, CallerDone, CallerRefusal } from '../ports/client-calls.js'
import type { ClientAddress } from '../ports/client-messages.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'

type Reply = CallerDone | CallerRefusal

export interface RemoteCallersDeps {
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
  readonly ids: () => string
  /** What this node says of a call of its own; undefined where the call is none of its own. */
  readonly answer: (
    callId: string,
    client: ClientAddress,
    command: CallerCommand,
  ) => Promise<Reply> | undefined
}

/** What clients say of calls that they made over a channel to another node: asked over the bus. */
export class RemoteCallers {
  readonly #questions: Questions<Reply>

  constructor(private readonly deps: RemoteCallersDeps) {
    this.#questions = new Questions(deps.clock, deps.ids)
  }

  /** Undefined where no node has the call, or none says so in time. Rejects where the bus cannot carry it. */
  ask(callId: string, client: ClientAddress, command: CallerCommand): Promise<Reply | undefined> {
    return this.#questions.ask((id) =>
      this.deps.bus.publish({ type: 'caller-request', id, callId, client, command }),
    )
  }

  heard(message: BusMessage): void {
    if (message.type === 'caller-reply') return this.#questions.answered(message.id, message.reply)
    if (message.type !== 'caller-request' || this.#questions.isOurs(message.id)) return
    const { id, callId, client, command } = message
    const answer = this.deps.answer(callId, client, command)
    answer
      ?.then((reply) => this.deps.bus.publish({ type: 'caller-reply', id, reply }))
      .catch((error: unknown) => {
        this.deps.log.warn(
          { err: error, callId, client: client.client },
          "another node's caller got no answer",
        )
      })
  }
}
