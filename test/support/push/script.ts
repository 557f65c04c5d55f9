/** How a stand-in treats one push. */
export type Reply =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** Sent as it is where it is a string, as JSON otherwise. */
      readonly body?: unknown
      /** The answer waits for this. */
      readonly after?: Promise<unknown>
    }
  /** Closes the connection without an answer. */
  | { readonly kind: 'drop' }
  /** Keeps the connection and never answers. */
  | { readonly kind: 'hang' }
  /** Answers with a status and headers, and never ends the body. */
  | { readonly kind: 'stall'; readonly status: number }
  /** Answers with a status and headers, and closes the connection in the middle of the body. */
  | { readonly kind: 'break'; readonly status: number }

export const drop: Reply = { kind: 'drop' }
export const hang: Reply = { kind: 'hang' }

/** Shorthand for an answer. */
export function answer(
  status: number,
  more: { headers?: Readonly<Record<string, string>>; body?: unknown; after?: Promise<unknown> } = {},
): Reply {
  return { kind: 'answer', status, ...more }
}

/**
 * Decides how each push is treated: first what was queued with `next`, then the rule set with `always`, then
 * what the service itself would do.
 */
export class Script<T> {
  #queue: Reply[] = []
  #rule: ((push: T) => Reply | undefined) | undefined

  /** For the next pushes, one reply each. */
  next(...replies: Reply[]): void {
    this.#queue.push(...replies)
  }

  /** For every push after those; a rule that returns undefined leaves it to the service. */
  always(rule: Reply | ((push: T) => Reply | undefined)): void {
    this.#rule = typeof rule === 'function' ? rule : () => rule
  }

  decide(push: T, service: (push: T) => Reply): Reply {
    return this.#queue.shift() ?? this.#rule?.(push) ?? service(push)
  }
}

export function bodyText(body: unknown): string {
  if (body === undefined) return ''
  return typeof body === 'string' ? body : JSON.stringify(body)
}
