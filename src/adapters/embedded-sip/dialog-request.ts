import type { HeaderLine, Requester, SipRequest, SipResponse } from '../../embedded/sip/index.js'
import { type Headers, SipFailure } from '../../ports/signaling.js'
import { answerChallenge, type Password } from './digest.js'
import type { Dependent, Line } from './line.js'

export interface DialogSending {
  readonly method: string
  readonly headers?: Headers
  readonly body?: string
}

/**
 * Sends a request within a dialog, once more where a challenge can be answered. Calls `done` once: with the final
 * status, 408 where none came in 64·T1, or with a failure where it could not be sent.
 */
export function sendInDialog(
  line: Line,
  dialogId: string,
  sending: DialogSending,
  password: Password | undefined,
  done: (outcome: number | SipFailure) => void,
): void {
  new DialogRequest(line, dialogId, sending, password, done).send([])
}

class DialogRequest implements Requester, Dependent {
  private request: SipRequest | undefined
  private over = false

  constructor(
    private readonly line: Line,
    private readonly dialogId: string,
    private readonly sending: DialogSending,
    private password: Password | undefined,
    private readonly done: (outcome: number | SipFailure) => void,
  ) {
    line.dependents.add(this)
  }

  send(more: readonly HeaderLine[]): void {
    const { sending, dialogId } = this
    const headers = [...(sending.headers ?? []), ...more]
    try {
      this.line.send({ ...sending, headers, dialogId }, this)
    } catch (error) {
      this.refused(error instanceof Error ? error.message : String(error))
    }
  }

  sent(_id: string, request: SipRequest): void {
    if (this.password !== undefined) this.request = request
  }

  refused(reason: string): void {
    this.finish(new SipFailure(503, reason))
  }

  lost(): void {
    this.finish(new SipFailure(503, 'the gateway went away'))
  }

  response(_id: string, _dialogId: string, response: SipResponse): void {
    const { status } = response
    if (status < 200) return
    if ((status === 401 || status === 407) && this.password !== undefined && this.request !== undefined) {
      const credentials = answerChallenge(this.request, response, this.password)
      this.password = undefined
      if (credentials !== undefined) return this.send([credentials])
    }
    this.finish(status)
  }

  private finish(outcome: number | SipFailure): void {
    if (this.over) return
    this.over = true
    this.line.dependents.delete(this)
    this.done(outcome)
  }
}

/** For an ACK or PRACK: nothing is to be heard of it. */
export const UNHEARD: Requester = {
  refused: () => undefined,
  sent: () => undefined,
  response: () => undefined,
}
