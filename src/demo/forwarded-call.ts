import type { CellCall } from './carrier/cell-call.js'
import type { CellNetwork } from './carrier/cell-network.js'
import type { DivertingStyle, NumberStyle, Party } from './carrier/forwarded-invite.js'
import type { PhoneApp } from './carrier/phone-app.js'
import type { Secondary } from './carrier/secondary.js'
import { now } from './clock.js'
import type { Call, CallEnding } from './call.js'
import type { IncomingCall } from './incoming-call.js'
import type { OutgoingCall } from './outgoing-call.js'
import { drawLadder } from './ladder.js'
import { eventsOf } from './ladder-events.js'
import type { Phone } from './phone.js'
import { between, describeSegments } from './rtp/hearing.js'
import { header } from './sip/message.js'
import { WaitError } from './waiting.js'

/** In the order in which they are reached. */
export const forwardedStages = [
  'reported',
  'notified',
  'instructed',
  'forwarded',
  'joined',
  'media',
  'ended',
] as const
export type ForwardedStage = (typeof forwardedStages)[number]

export interface ForwardedCallPlayers {
  readonly network: CellNetwork
  /** Of the subscriber's cell phone. */
  readonly app: PhoneApp
  /** In full. */
  readonly subscriber: string
  readonly secondaries: readonly Secondary[]
}

export interface ForwardedCallOptions {
  readonly from: Party
  /** How the network writes numbers, and tells who was called first; default as it does. */
  readonly styles?: { readonly diverting?: DivertingStyle; readonly numbers?: NumberStyle }
  /** Which of the secondaries takes the call; default the first. */
  readonly taker?: number
  /**
   * When it does: default as soon as all were notified, so that it waits for the caller; or once the forwarded INVITE
   * is out.
   */
  readonly takes?: 'at-once' | 'when-forwarded'
  /** How long the user needs to take it, ms; default none. */
  readonly takesAfterMs?: number
  /** By which each side is known, Hz. */
  readonly tones?: { readonly caller: number; readonly taker: number }
  /** All tones that are in use, where these are not the usual ones. */
  readonly hears?: readonly number[]
  /** Who hangs up; default the caller. */
  readonly endedBy?: 'caller' | 'taker'
  /** How long the two talk, ms; default until each has heard the other. */
  readonly talkMs?: number
  /** For each stage; default 10,000. */
  readonly deadlineMs?: number
}

export interface ForwardedCallReport {
  readonly result: 'joined' | 'failed'
  readonly failure?: { readonly stage: ForwardedStage; readonly reason: string }
  /** The server's id of the call; undefined where it took no report. */
  readonly callId?: string
  /** Milliseconds since the cell phone began to ring. */
  readonly stages: Partial<Readonly<Record<ForwardedStage, number>>>
  /** Whom the one who took the call saw: From of its INVITE. */
  readonly shown?: string
  /** In words: what the one who took the call heard until it was joined, and each side after it. */
  readonly heard: { readonly waiting: string; readonly taker: string; readonly caller: string }
  /** How the others were told. */
  readonly others: readonly CallEnding[]
}

/** One call to a cell phone that is fetched by its forwarding, from its ringing to its end. Never rejects. */
export async function playForwardedCall(
  players: ForwardedCallPlayers,
  options: ForwardedCallOptions,
): Promise<ForwardedCallReport> {
  const play = new ForwardedCallPlay(players, options)
  try {
    await play.run()
    return play.report()
  } catch (error) {
    return play.report(error)
  } finally {
    await play.leave()
  }
}

const TONES = { caller: 800, taker: 1000 }

class ForwardedCallPlay {
  readonly #start = now()
  readonly #reached: Partial<Record<ForwardedStage, number>> = {}
  readonly #deadlineMs: number
  #call: CellCall | undefined
  #callId: string | undefined
  #leg: OutgoingCall | undefined
  #taken: IncomingCall | undefined
  #others: readonly CallEnding[] = []

  constructor(
    private readonly players: ForwardedCallPlayers,
    private readonly options: ForwardedCallOptions,
  ) {
    this.#deadlineMs = options.deadlineMs ?? 10_000
  }

  async run(): Promise<void> {
    const { network, app, subscriber } = this.players
    const { from, takes = 'at-once', taker = 0, styles } = this.options
    const call = (this.#call = network.call(from, subscriber, {
      media: this.#media('caller'),
      ...styles,
    }))
    const primary = await app.nextCall(this.#deadlineMs)
    this.#callId = await this.#reach('reported', primary.id())
    const incoming = await this.#reach('notified', this.#ring())
    const taken = (this.#taken = incoming[taker])
    if (taken === undefined) throw new Error('nobody is there to take the call')
    const taking = takes === 'at-once' ? this.#take(taken) : undefined
    await this.#reach('instructed', primary.instructed)
    await taking
    const leg = (this.#leg = await this.#reach('forwarded', call.forwarded))
    if (takes === 'when-forwarded') await this.#take(taken)
    await this.#reach('joined', leg.answered())
    this.#others = await this.#tell(incoming)
    await this.#reach('media', this.#talk(leg, taken))
    const ender = this.options.endedBy === 'taker' ? taken : leg
    ender.hangUp()
    await this.#reach('ended', Promise.all([call.ended, taken.ended, primary.said]))
  }

  report(error?: unknown): ForwardedCallReport {
    const shown = this.#taken && header(this.#taken.invite, 'From')
    return {
      result: error === undefined ? 'joined' : 'failed',
      ...(error === undefined ? {} : { failure: this.#failure(error) }),
      ...(this.#callId === undefined ? {} : { callId: this.#callId }),
      ...(shown === undefined ? {} : { shown }),
      heard: this.#heard(),
      stages: this.#reached,
      others: this.#others,
    }
  }

  #heard(): ForwardedCallReport['heard'] {
    const joinedAt = this.#start + (this.#reached.joined ?? Infinity)
    const words = (one: Call | undefined, from: number, to: number): string =>
      describeSegments(between(one?.mediaOrNone?.rtp.receiver.hearing?.segments ?? [], from, to))
    return {
      waiting: words(this.#taken, 0, joinedAt),
      taker: words(this.#taken, joinedAt, Infinity),
      caller: words(this.#leg, joinedAt, Infinity),
    }
  }

  /** Nothing is left up, however far it came. */
  async leave(): Promise<void> {
    this.#call?.hangUp()
    await Promise.all(this.players.secondaries.map((one) => one.rests()))
  }

  #ring(): Promise<readonly IncomingCall[]> {
    return Promise.all(this.players.secondaries.map((one) => one.rings(this.#deadlineMs)))
  }

  async #take(incoming: IncomingCall): Promise<void> {
    await after(this.options.takesAfterMs)
    if (!(await incoming.answer({ media: this.#media('taker') }))) throw new Error('it rang no more')
    await incoming.established
  }

  /** The others are told that somebody has it. */
  #tell(incoming: readonly IncomingCall[]): Promise<readonly CallEnding[]> {
    const others = incoming.filter((one) => one !== this.#taken)
    return this.#within('word to the others', Promise.all(others.map((one) => one.ended)))
  }

  async #talk(leg: OutgoingCall, taken: IncomingCall): Promise<void> {
    const { caller, taker } = this.options.tones ?? TONES
    const heard = (one: OutgoingCall | IncomingCall, hz: number): Promise<void> | undefined =>
      one.media.rtp.receiver.hearing?.hears([hz], this.#deadlineMs)
    await Promise.all([heard(leg, taker), heard(taken, caller)])
    await after(this.options.talkMs)
  }

  #media(side: 'caller' | 'taker'): { readonly hz: number; readonly hears?: readonly number[] } {
    const { tones = TONES, hears } = this.options
    return { hz: tones[side], ...(hears === undefined ? {} : { hears }) }
  }

  async #reach<T>(stage: ForwardedStage, step: Promise<T>): Promise<T> {
    const value = await this.#within(stage, step)
    this.#reached[stage] = now() - this.#start
    return value
  }

  /** Rejects with WaitError when the deadline is over. */
  async #within<T>(what: string, step: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const why = `not ${what} within ${this.#deadlineMs} ms`
      timer = setTimeout(() => reject(new WaitError(why)), this.#deadlineMs)
    })
    try {
      return await Promise.race([step, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #failure(error: unknown): { readonly stage: ForwardedStage; readonly reason: string } {
    const stage = forwardedStages.find((one) => this.#reached[one] === undefined) ?? 'ended'
    return { stage, reason: error instanceof Error ? error.message : String(error) }
  }
}

async function after(ms = 0): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
}

/** The ladder of what these players saw, from the ringing of the cell phone on. `phones`: secondaries that are shown. */
export function forwardedCallLadder(
  { network, app }: ForwardedCallPlayers,
  phones: readonly Phone[],
  server = 'reveille',
): string {
  const start = network.events[0]?.at ?? 0
  const all = [
    ...network.events,
    ...app.events,
    ...eventsOf('network', server, network.trunk.peer.log.entries),
    ...phones.flatMap((phone) => eventsOf(phone.options.user, server, phone.log.entries)),
  ]
  const parties = ['caller', 'network', 'cell phone', server, ...phones.map(({ options }) => options.user)]
  return drawLadder(
    parties,
    all.filter(({ at }) => at >= start),
  )
}
