import { JsonClient } from '../json-client.js'
import type { LadderEvent } from '../ladder.js'
import type { PushService } from '../push-service.js'
import type { Address } from '../sip/uri.js'
import { Inbox } from '../waiting.js'
import type { CallWatcher, CellPhone } from './cell-phone.js'
import type { CellCall, StoppedBecause } from './cell-call.js'
import { byChannel, byPoll, byPush, type Instruction, type Way } from './instructions.js'
import { PrimaryCall, type Word } from './primary-call.js'

export interface PhoneAppOptions {
  /** The server's HTTP API. */
  readonly api: Address
  /** Client token of its device, with the grants `primary-calls` and, for a channel, `channel`. */
  readonly token: string
  /** In which it listens for instructions. */
  readonly ways: readonly Way[]
  /** Where its pushes come from; for the way `push`. */
  readonly push?: { readonly service: PushService; readonly token: string }
  /** What it does when told to reject: default `rejects`. */
  readonly obeys?: 'rejects' | 'cannot' | 'ignores'
  /** How the phone shows a caller; default as it is. */
  readonly shows?: (number: string) => string
}

/** The app on a cell phone: tells the server when it rings, and rejects when it is told to. */
export class PhoneApp implements CallWatcher {
  /** Its talk with the server, for a ladder. */
  readonly events: LadderEvent[] = []
  /** What went wrong where nobody waited for it. */
  readonly faults: Error[] = []
  readonly #api: JsonClient
  readonly #calls = new Map<CellCall, PrimaryCall>()
  readonly #inbox = new Inbox<PrimaryCall>()
  readonly #leaving: (() => void | Promise<void>)[] = []

  private constructor(private readonly options: PhoneAppOptions) {
    // A long poll holds one connection, and what the app says needs another.
    this.#api = new JsonClient(options.api, 5000, 4)
  }

  /** Rejects where the server does not welcome its channel. */
  static async open(phone: CellPhone, options: PhoneAppOptions): Promise<PhoneApp> {
    const app = new PhoneApp(options)
    await app.#listen()
    app.#leaving.push(phone.watch(app))
    return app
  }

  /** Each call that it reported, once. Rejects with WaitError. */
  nextCall(deadlineMs = 5000): Promise<PrimaryCall> {
    return this.#inbox.next('call at the cell phone', deadlineMs)
  }

  /** Sends any request with the app's token, such as those about its forwarding. */
  get api(): Pick<JsonClient, 'exchange'> {
    return {
      exchange: (request) => this.#api.exchange({ token: this.options.token, ...request }),
    }
  }

  async close(): Promise<void> {
    for (const call of this.#calls.values()) call.stop()
    for (const leave of this.#leaving.splice(0)) await leave()
    this.#inbox.close('the app closed')
    this.#api.close()
  }

  ringing(call: CellCall): void {
    const { token } = this.options
    const primary = new PrimaryCall(call, {
      api: this.#api,
      token,
      happened: (at, direction, label) => {
        const [from, to] = direction === 'sent' ? ['cell phone', 'reveille'] : ['reveille', 'cell phone']
        this.events.push({ at, from, to, label })
      },
    })
    this.#calls.set(call, primary)
    void call.ended.then(() => this.#calls.delete(call))
    this.#inbox.deliver(primary)
    this.#begin(this.#report(primary))
  }

  stopped(call: CellCall, why: StoppedBecause): void {
    const primary = this.#calls.get(call)
    if (primary === undefined) return
    primary.stop()
    this.#say(primary, wordFor(why))
  }

  async #listen(): Promise<void> {
    const { api, token, push, ways } = this.options
    const take = (instruction: Instruction): void => this.#begin(this.#instructed(instruction))
    if (ways.includes('channel')) this.#leaving.push(await byChannel(api, token, take))
    if (!ways.includes('push')) return
    if (push === undefined) throw new Error('an app without a push service hears of no push')
    this.#leaving.push(byPush(push.service, push.token, take))
  }

  async #report(primary: PrimaryCall): Promise<void> {
    const { number, name } = primary.call.from
    const { shows = (one) => one, ways, token } = this.options
    const { status } = await primary.report(number === null ? null : shows(number), name)
    if (status >= 300 || !ways.includes('poll')) return
    const instruction = await untilAborted(
      byPoll(this.#api, await primary.id(), token, primary.signal),
      primary.signal,
    )
    if (instruction !== undefined) this.#obey(primary, instruction)
  }

  /** It may name a call whose report has no answer yet: the channel is as fast as that. */
  async #instructed(instruction: Instruction): Promise<void> {
    await Promise.all(
      [...this.#calls.values()].map(async (primary) => {
        const { status } = await primary.reported
        if (status < 300 && (await primary.id()) === instruction.primaryCall) this.#obey(primary, instruction)
      }),
    )
  }

  #obey(primary: PrimaryCall, instruction: Instruction): void {
    if (!primary.hear(instruction) || instruction.do !== 'reject') return
    this.#say(primary, 'acknowledged')
    switch (this.options.obeys ?? 'rejects') {
      case 'rejects':
        primary.call.reject()
        return
      case 'cannot':
        return this.#say(primary, 'failed')
      case 'ignores':
        return
    }
  }

  #say(primary: PrimaryCall, word: Word): void {
    this.#begin(primary.say(word))
  }

  #begin(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.faults.push(error instanceof Error ? error : new Error(String(error)))
    })
  }
}

/** A phone that stops ringing does not know whether its caller gave up or the network took the call elsewhere. */
function wordFor(why: StoppedBecause): Word {
  switch (why) {
    case 'answered':
    case 'rejected':
      return why
    case 'caller-gone':
    case 'forwarded':
      return 'ended'
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
