import type { Clock } from '../ports/clock.js'

/** How long another node may take to answer, ms: a person has tapped, and waits. */
const ANSWER_MS = 1_500

/** What this node asks the others over the bus, each question under an id: whoever knows answers, or nobody does. */
export class Questions<Reply> {
  readonly #open = new Map<string, (reply: Reply) => void>()

  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    private readonly ids: () => string,
  ) {}

  /**
   * Undefined where nobody answers in time. Rejects as `send` does, unless the answer is there before.
   *
   * @param send publishes the question under its id
   */
  async ask(send: (id: string) => Promise<void>): Promise<Reply | undefined> {
    const id = this.ids()
    let stop = (): void => undefined
    const answered = new Promise<Reply | undefined>((resolve) => {
      this.#open.set(id, resolve)
      stop = this.clock.after(ANSWER_MS, () => resolve(undefined))
    })
    try {
      // Who is near hears it, and answers, before it is written.
      return await Promise.race([answered, send(id).then(() => answered)])
    } finally {
      stop()
      this.#open.delete(id)
    }
  }

  /** Whether this node asked it: a question of ours comes back to us as well. */
  isOurs(id: string): boolean {
    return this.#open.has(id)
  }

  answered(id: string, reply: Reply): void {
    this.#open.get(id)?.(reply)
  }
}
