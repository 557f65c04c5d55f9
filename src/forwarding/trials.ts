import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { DialRequest, OutgoingCall, SipFailure } from '../ports/signaling.js'
import type { EndingCause } from '../call/ending.js'
import type { PrimaryWord } from '../ports/primary-calls.js'
import type { PrimaryCallBook } from './book.js'
import type { Instructions } from './instructions.js'
import type { Registrations } from './registrations.js'
import type { Subscriber } from './subscribers.js'

/** How long a test call may take to arrive at the DID, ms: the phone is called, rings, rejects. */
export const TRIAL_MS = 45_000

export interface TrialsDeps {
  /**
   * Calls a subscriber through its test trunk, from the DID. Null where that trunk is not there.
   *
   * @param id of the call, for its Call-ID
   */
  readonly dial: (
    subscriber: Subscriber,
    id: string,
    progressed: DialRequest['progressed'],
  ) => OutgoingCall | null
  readonly registrations: Registrations
  readonly book: PrimaryCallBook
  readonly instructions: Pick<Instructions, 'give' | 'stop'>
  readonly ids: () => string
  readonly clock: Clock
  readonly log: Log
}

interface Trial {
  readonly subscriber: Subscriber
  readonly out: OutgoingCall
  readonly stopDeadline: () => void
}

/**
 * Test calls: the cell phone is called from the DID and told to reject, and where the call comes back to the DID the
 * forwarding works.
 */
export class Trials {
  readonly #running = new Map<string, Trial>()
  readonly #underWay = new Set<Promise<void>>()

  constructor(private readonly deps: TrialsDeps) {}

  /** Of the subscriber; undefined where none is running. */
  of({ number }: Subscriber): string | undefined {
    return [...this.#running].find(([, trial]) => trial.subscriber.number === number)?.[0]
  }

  /** @returns id of the call; null where it cannot be placed */
  start(subscriber: Subscriber, deviceId: string | null): string | null {
    const { book, clock, ids } = this.deps
    const id = ids()
    const now = clock.now()
    let rang = false
    const progressed = ({ status }: { readonly status: number }): void => {
      rang ||= status >= 180
      if (rang && this.#running.has(id)) this.deps.instructions.give(id, TRIAL_MS)
    }
    const out = this.deps.dial(subscriber, id, progressed)
    if (out === null) return null
    const stopDeadline = clock.after(TRIAL_MS, () => this.#fail(id, 'the test call did not come to the DID'))
    this.#running.set(id, { subscriber, out, stopDeadline })
    book.add({
      ...{ id, subscriber: subscriber.number, caller: subscriber.did, deviceId, test: true },
      ...{ ringingSince: now, reportedAt: now, instructedAt: null, instructedBy: null, acknowledgedAt: null },
      ...{ phone: null, phoneAt: null, forwardedAt: null, endedAt: null, cause: null },
    })
    if (rang) this.deps.instructions.give(id, TRIAL_MS)
    out.answered
      .then(
        async (leg) => {
          this.#fail(id, 'the test call was answered')
          await leg.hangUp(undefined)
        },
        (error: SipFailure) => this.#fail(id, `the carrier refused the test call: ${error.message}`),
      )
      .catch((error: unknown) => this.deps.log.error({ err: error }, 'a test call could not be hung up'))
    return id
  }

  /** The app says that the test call rings: where the network does not say so itself. */
  ringing(id: string): void {
    this.deps.instructions.give(id, TRIAL_MS)
  }

  /** The call has come to the DID. */
  arrived(id: string): void {
    const trial = this.#end(id, null, 'SIP;cause=200;text="The forwarding works"')
    if (trial !== undefined) this.#run(this.deps.registrations.confirmed(trial.subscriber))
  }

  /** What the phone says of the test call. */
  word(id: string, word: PrimaryWord): void {
    if (word === 'answered') this.#fail(id, 'the test call was answered on the phone')
    if (word === 'failed') this.#fail(id, 'the phone could not reject the test call')
  }

  async close(): Promise<void> {
    for (const id of [...this.#running.keys()])
      this.#end(id, 'drained', 'SIP;cause=503;text="Server shutting down"')
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  #fail(id: string, detail: string): void {
    const trial = this.#end(id, 'failed', 'SIP;cause=480;text="The test call did not come back"')
    if (trial !== undefined) this.#run(this.deps.registrations.failed(trial.subscriber, detail))
  }

  #end(id: string, cause: EndingCause | null, reason: string): Trial | undefined {
    const trial = this.#running.get(id)
    if (trial === undefined) return undefined
    this.#running.delete(id)
    trial.stopDeadline()
    trial.out.cancel(reason)
    this.deps.instructions.stop(id)
    const now = this.deps.clock.now()
    this.deps.book.change(id, { endedAt: now, cause, ...(cause === null ? { forwardedAt: now } : {}) })
    return trial
  }

  #run(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) =>
        this.deps.log.warn({ err: error }, 'the outcome of a test call is not stored'),
      )
      .finally(() => this.#underWay.delete(done))
    this.#underWay.add(done)
  }
}
