import type { Ending } from './types.js'

/** Body of an error (RFC 9457). */
export interface ProblemBody {
  readonly type: string
  readonly title?: string
  readonly status?: number
  readonly detail?: string
  readonly errors?: readonly {
    readonly pointer?: string
    readonly parameter?: string
    readonly detail: string
  }[]
  readonly grant?: string
  readonly ending?: Ending
}

/** What the server refused, and why. */
export class ReveilleProblem extends Error {
  override readonly name = 'ReveilleProblem'
  /** Without the path: `call-ended`. Stays the same for ever, so that an app can act on it. */
  readonly type: string

  /** @param retryAfterMs how long to wait before another try, where the server said so */
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
    readonly retryAfterMs?: number,
  ) {
    super(body.detail ?? body.title ?? body.type)
    this.type = body.type.replace(/^\/problems\//, '')
  }

  /** Of a call that is over. */
  get ending(): Ending | undefined {
    return this.body.ending
  }
}
