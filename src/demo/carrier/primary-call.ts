import { now } from '../clock.js'
import type { ApiAnswer, JsonClient } from '../json-client.js'
import { Deferred, WaitError } from '../waiting.js'
import type { CellCall } from './cell-call.js'
import type { Instruction, Way } from './instructions.js'

export type Word = 'acknowledged' | 'rejected' | 'answered' | 'ended' | 'failed'

export interface PrimaryCallDeps {
  readonly api: JsonClient
  readonly token: string
  /** Something was said or heard, for a ladder. */
  readonly happened: (at: number, direction: 'sent' | 'received', label: string) => void
}

/** A call that rings at the phone, as its app tells the server of it. What it says goes out in order. */
export class PrimaryCall {
  readonly #reported = new Deferred<ApiAnswer>()
  readonly #instructed = new Deferred<Instruction>()
  #said: Promise<unknown> = Promise.resolve()
  readonly #answers: ApiAnswer[] = []
  readonly #heardBy: Way[] = []
  readonly #over = new AbortController()

  constructor(
    readonly call: CellCall,
    private readonly deps: PrimaryCallDeps,
  ) {}

  /** The answer to the report; rejects where there was none. */
  get reported(): Promise<ApiAnswer> {
    return this.#reported.promise
  }

  /** The server's id of it; rejects where the server did not take the report. */
  async id(): Promise<string> {
    const { status, body } = await this.#reported.promise
    if (status >= 300) throw new Error(`the report got ${status}: ${JSON.stringify(body)}`)
    return (body as { readonly id: string }).id
  }

  /** The first that came; rejects where the call is over without one. */
  get instructed(): Promise<Instruction> {
    return this.#instructed.promise
  }

  /** In which ways the instruction came, copies included. */
  get heardBy(): readonly Way[] {
    return this.#heardBy
  }

  /** What the server answered to the words, in their order. */
  get answers(): readonly ApiAnswer[] {
    return this.#answers
  }

  /** Resolves when the server has all that was said so far. */
  get said(): Promise<unknown> {
    return this.#said
  }

  /** Aborts when it does not ring any more. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** `shown`, `name`: the caller as the phone shows it. */
  async report(shown: string | null, name?: string): Promise<ApiAnswer> {
    const ringingSince = new Date().toISOString()
    const caller = { caller: shown, ...(name === undefined ? {} : { callerName: name }) }
    const body = { subscriber: this.call.subscriber, ...caller, ringingSince }
    try {
      const answer = await this.#post('/v1/primary-calls', body, 'ringing')
      this.#reported.resolve(answer)
      return answer
    } catch (error) {
      this.#reported.reject(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  /** True the first time; copies by other ways are counted, and do nothing. */
  hear(instruction: Instruction): boolean {
    this.deps.happened(now(), 'received', `${instruction.do} (${instruction.by})`)
    this.#heardBy.push(instruction.by)
    if (this.#instructed.settled) return false
    this.#instructed.resolve(instruction)
    return true
  }

  /** Resolves when the server has it, and all that was said before it; nothing where it took no report. */
  say(word: Word): Promise<unknown> {
    this.#said = this.#said.then(async () => {
      if ((await this.reported).status >= 300) return
      const path = `/v1/primary-calls/${encodeURIComponent(await this.id())}/events`
      this.#answers.push(await this.#post(path, { event: word }, word))
    })
    return this.#said
  }

  /** It does not ring any more. */
  stop(): void {
    this.#over.abort()
    if (!this.#instructed.settled)
      this.#instructed.reject(new WaitError('it rang no more before any instruction'))
  }

  #post(path: string, body: object, label: string): Promise<ApiAnswer> {
    this.deps.happened(now(), 'sent', label)
    return this.deps.api.exchange({ method: 'POST', path, token: this.deps.token, body })
  }
}
