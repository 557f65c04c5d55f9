import type { RouteTarget } from '../call/plan.js'
import type {
  Asking,
  CodesDialled,
  ForwardingControl,
  ForwardingRefusal,
  ForwardingView,
  ReportedCall,
} from '../ports/forwarding-control.js'
import type {
  ForwardingRegistration,
  PrimaryCallControl,
  PrimaryCallListener,
  PrimaryCallRecord,
  PrimaryCallStore,
  PrimaryWord,
} from '../ports/primary-calls.js'
import type { SipRequest } from '../ports/signaling.js'
import type { Ending } from '../call/ending.js'
import { PrimaryCallBook } from './book.js'
import { codesOf } from './codes.js'
import { forwardedInvite, type TrunkRules } from './forwarded-invite.js'
import { Instructions, type InstructionsDeps } from './instructions.js'
import { match } from './matching.js'
import { shownNumber } from './phone-numbers.js'
import { Registrations } from './registrations.js'
import { PrimaryRows } from './rows.js'
import type { Subscriber, SubscriberTable } from './subscribers.js'
import { Trials, type TrialsDeps } from './trials.js'

/** What an INVITE is, to those whose cell phone calls are fetched. */
export type ForwardedAs =
  | { readonly kind: 'primary'; readonly callId: string }
  /** It has shown that the forwarding works, which was all it was for. */
  | { readonly kind: 'test' }
  | { readonly kind: 'loop'; readonly detail: string }
  /** An ordinary call. */
  | { readonly kind: 'target'; readonly target: RouteTarget }

export interface ForwardingDeps extends Omit<InstructionsDeps, 'store'> {
  readonly subscribers: () => SubscriberTable
  readonly calls: PrimaryCallControl
  /** Whether a call lives here under this X-Call-Id, or has a leg of this Call-ID. */
  readonly lives: (id: string) => boolean
  readonly dial: TrialsDeps['dial']
  readonly store: InstructionsDeps['store'] & PrimaryCallStore
  readonly ids: () => string
}

export interface Forwarding extends ForwardingControl, PrimaryCallListener {
  match(
    invite: Pick<SipRequest, 'callId' | 'header' | 'headers'>,
    called: string,
    trunk: TrunkRules,
  ): ForwardedAs
  close(): Promise<void>
}

export function createForwarding(deps: ForwardingDeps): Forwarding {
  return new Service(deps)
}

class Service implements Forwarding {
  readonly #rows: PrimaryRows
  readonly #book: PrimaryCallBook
  readonly #instructions: Instructions
  readonly #registrations: Registrations
  readonly #trials: Trials
  readonly #underWay = new Set<Promise<void>>()

  constructor(private readonly deps: ForwardingDeps) {
    const { clock, store } = deps
    this.#rows = new PrimaryRows(deps)
    const book = (this.#book = new PrimaryCallBook(this.#rows, clock))
    const instructions = (this.#instructions = new Instructions(book, deps))
    const registrations = (this.#registrations = new Registrations(store, clock))
    this.#trials = new Trials({ ...deps, registrations, book, instructions })
  }

  async forwarding(who: Asking, number: string): Promise<ForwardingView | ForwardingRefusal> {
    const subscriber = this.#subscriberOf(who, number)
    if ('refused' in subscriber) return subscriber
    return this.#forwardingView(subscriber, await this.#registrations.of(subscriber))
  }

  async dialled(
    who: Asking,
    number: string,
    { result, detail }: { readonly result: CodesDialled; readonly detail: string | null },
  ): Promise<ForwardingView | ForwardingRefusal> {
    const subscriber = this.#subscriberOf(who, number)
    if ('refused' in subscriber) return subscriber
    return this.#forwardingView(subscriber, await this.#registrations.reported(subscriber, result, detail))
  }

  async test(who: Asking, number: string): Promise<ForwardingView | ForwardingRefusal> {
    const subscriber = this.#subscriberOf(who, number)
    if ('refused' in subscriber) return subscriber
    const running = this.#trials.of(subscriber) ?? this.#trials.start(subscriber, who.deviceId)
    if (running === null) {
      return { refused: 'no-test', detail: 'No trunk for test calls is configured for this number.' }
    }
    return this.#forwardingView(subscriber, await this.#registrations.of(subscriber))
  }

  async report(who: Asking, call: ReportedCall): Promise<PrimaryCallRecord | ForwardingRefusal> {
    const subscriber = this.#subscriberOf(who, call.subscriber)
    if ('refused' in subscriber) return subscriber
    const trial = this.#trialReported(subscriber, call)
    if (trial !== undefined) return trial
    if (!(await this.#registrations.mayInstruct(subscriber))) {
      const detail = 'The forwarding is not known to be set: dial its codes, and report what came of it.'
      return { refused: 'not-registered', detail }
    }
    const known = this.#book
      .live()
      .find(
        (each) =>
          each.subscriber === call.subscriber &&
          each.caller === call.caller &&
          each.ringingSince === call.ringingSince,
      )
    return known ?? this.#begin(who, subscriber, call)
  }

  async view(
    who: Asking,
    id: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<PrimaryCallRecord | ForwardingRefusal> {
    const record = await this.#recordOf(who, id)
    if ('refused' in record || record.endedAt !== null) return record
    if (record.instructedAt === null) await this.#book.news(id, waitMs, signal)
    const now = this.#book.find(id) ?? record
    if (now.instructedAt !== null && !signal.aborted) this.#instructions.reached(id, 'poll')
    return this.#book.find(id) ?? now
  }

  async word(who: Asking, id: string, word: PrimaryWord): Promise<PrimaryCallRecord | ForwardingRefusal> {
    const record = await this.#recordOf(who, id)
    // What comes late changes nothing, and is no fault of the phone's.
    if ('refused' in record || record.endedAt !== null) return record
    // Whoever rejects has the instruction, where there is one.
    if (word === 'acknowledged' || word === 'rejected') this.#instructions.acknowledged(id)
    if (word !== 'acknowledged') this.#book.change(id, { phone: word, phoneAt: this.deps.clock.now() })
    if (record.test) this.#trials.word(id, word)
    else this.deps.calls.primary(id, word)
    return this.#book.find(id) ?? record
  }

  match(
    invite: Pick<SipRequest, 'callId' | 'header' | 'headers'>,
    called: string,
    trunk: TrunkRules,
  ): ForwardedAs {
    const subscribers = this.deps.subscribers()
    // Most calls are none of ours, and their headers are not looked at.
    if (subscribers.atDid(called).length === 0) return ordinary({ kind: 'number', number: called })
    const read = forwardedInvite(invite, called, trunk, this.deps.lives)
    const matched = match(read, this.#book.open(), subscribers)
    switch (matched.kind) {
      case 'primary':
        if (!matched.test) return { kind: 'primary', callId: matched.callId }
        this.#trials.arrived(matched.callId)
        return { kind: 'test' }
      case 'loop':
        return matched
      case 'ordinary': {
        const { subscriber: number } = matched
        return ordinary(
          number === null
            ? { kind: 'number', number: called }
            : { kind: 'subscriber', number, devices: true },
        )
      }
      case 'elsewhere':
        return ordinary({ kind: 'number', number: called })
      default:
        return matched satisfies never
    }
  }

  instruct(callId: string): void {
    const record = this.#book.find(callId)
    const subscriber = record && this.deps.subscribers().subscriber(record.subscriber)
    if (subscriber !== undefined) this.#instructions.give(callId, subscriber.patienceMs)
  }

  forwarded(callId: string): void {
    const record = this.#book.change(callId, { forwardedAt: this.deps.clock.now() })
    const subscriber = record && this.deps.subscribers().subscriber(record.subscriber)
    this.#instructions.stop(callId)
    if (subscriber !== undefined) this.#run(this.#registrations.confirmed(subscriber))
  }

  ended(callId: string, ending: Ending): void {
    this.#instructions.stop(callId)
    this.#book.change(callId, { endedAt: this.deps.clock.now(), cause: ending.cause })
  }

  async close(): Promise<void> {
    this.#book.close()
    await this.#trials.close()
    await this.#instructions.close()
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    await this.#rows.close()
  }

  async #begin(
    { deviceId }: Asking,
    { number, country, instruct, patienceMs, hold }: Subscriber,
    { caller, callerName, ringingSince }: ReportedCall,
  ): Promise<PrimaryCallRecord | ForwardingRefusal> {
    const report = { id: this.deps.ids(), subscriber: number, caller, ringingSince, deviceId }
    const record: PrimaryCallRecord = {
      ...report,
      ...{ test: false, reportedAt: this.deps.clock.now(), instructedAt: null, instructedBy: null },
      ...{ acknowledgedAt: null, phone: null, phoneAt: null, forwardedAt: null, endedAt: null, cause: null },
    }
    // Before the call begins: it may be over, or its INVITE here, sooner than its beginning is heard of.
    this.#book.add(record)
    const begun = await this.deps.calls.report(
      report,
      { hold: hold ?? 'early-media', accept: 'tone', instruct, patienceMs },
      // A name must not give away a number that is withheld.
      caller === null
        ? { number: null, name: null }
        : { number: shownNumber(caller, country), name: callerName },
    )
    if ('callId' in begun) return this.#book.find(report.id) ?? record
    this.#book.change(report.id, { endedAt: this.deps.clock.now(), cause: 'failed' })
    return { refused: 'unavailable', detail: begun.detail }
  }

  /** The app cannot know that the call which rings is the test: it comes from the DID. */
  #trialReported(subscriber: Subscriber, { caller }: ReportedCall): PrimaryCallRecord | undefined {
    const id = this.#trials.of(subscriber)
    if (id === undefined || caller === null) return undefined
    if (this.deps.subscribers().atDid(caller).length === 0) return undefined
    this.#trials.ringing(id)
    return this.#book.find(id)
  }

  #subscriberOf({ user }: Asking, number: string): Subscriber | ForwardingRefusal {
    const subscriber = this.deps.subscribers().subscriber(number)
    if (subscriber === undefined)
      return { refused: 'no-subscriber', detail: `There is no subscriber ${number}.` }
    return subscriber.user === user
      ? subscriber
      : { refused: 'foreign', detail: 'The number is another user’s.' }
  }

  async #recordOf({ user }: Asking, id: string): Promise<PrimaryCallRecord | ForwardingRefusal> {
    const record = this.#book.find(id) ?? this.#rows.unwritten(id) ?? (await this.deps.store.primaryCall(id))
    if (record === null) return { refused: 'no-such-call', detail: `There is no primary call ${id}.` }
    const owner = this.deps.subscribers().subscriber(record.subscriber)
    return owner?.user === user ? record : { refused: 'foreign', detail: 'The call is another user’s.' }
  }

  #forwardingView(subscriber: Subscriber, registration: ForwardingRegistration): ForwardingView {
    return {
      ...registration,
      codes: codesOf(subscriber),
      test: this.#trials.of(subscriber) ?? null,
      testable: subscriber.testTrunk !== null,
    }
  }

  #run(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) =>
        this.deps.log.warn({ err: error }, 'a forwarding is not stored as confirmed'),
      )
      .finally(() => this.#underWay.delete(done))
    this.#underWay.add(done)
  }
}

function ordinary(target: RouteTarget): ForwardedAs {
  return { kind: 'target', target }
}
