import type { PushMessage, PushOutcome, PushSender } from '../../src/ports/push.js'
import { Inbox } from '../support/push/inbox.js'

type Answer = PushOutcome | Error | 'hang'

/** A push service by script: each attempt takes the next answer, and the last one stays. */
export class ScriptedSender implements PushSender {
  readonly inbox = new Inbox<PushMessage>()
  readonly tellsEndings: boolean
  readonly #answers: Answer[]

  constructor(answers: Answer[], options: { tellsEndings?: boolean } = {}) {
    this.#answers = answers
    this.tellsEndings = options.tellsEndings ?? true
  }

  send(message: PushMessage, signal: AbortSignal): Promise<PushOutcome> {
    this.inbox.add(message)
    const answer = this.#answers.length > 1 ? this.#answers.shift()! : this.#answers[0]!
    if (answer instanceof Error) return Promise.reject(answer)
    if (answer !== 'hang') return Promise.resolve(answer)
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')))
    })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
