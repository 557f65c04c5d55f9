import { now } from './clock.js'
import { drawLadder } from './ladder.js'
import { eventsOf, pushEvents } from './ladder-events.js'
import { CallFailed, type CallOptions, type OutgoingCall } from './outgoing-call.js'
import type { IncomingCall } from './incoming-call.js'
import type { Phone, RegisterOptions } from './phone.js'
import type { PushService, ReceivedPush } from './push-service.js'
import { between, describeSegments } from './rtp/hearing.js'
import type { Address } from './sip/uri.js'
import type { UserAgent } from './user-agent.js'

/** In the order in which they are reached. */
export const stages = [
  'pushed',
  'registered',
  'invited',
  'answered',
  'established',
  'media',
  'ended',
] as const
export type Stage = (typeof stages)[number]

export interface WakeCallPlayers {
  readonly caller: UserAgent
  /** Registered before, and asleep; its invite policy answers. */
  readonly phone: Phone
  readonly push: PushService
  /** The phone's device token. */
  readonly token: string
  /** Whom the caller calls. */
  readonly uri: string
}

export interface WakeCallOptions {
  readonly call?: CallOptions
  /** From the push to the app's first move, in milliseconds; default 0. */
  readonly wakeAfterMs?: number
  /** What the app does with the push: its REGISTER, and the edge that the push names. */
  readonly wakeWith?: (push: ReceivedPush) => RegisterOptions & { readonly edge?: Address }
  /** RTP packets that each side must get from the other before the call ends; default 25. */
  readonly packets?: number
  readonly endedBy?: 'caller' | 'phone'
  /** For each stage; default 10,000. */
  readonly deadlineMs?: number
}

export interface WakeCallReport {
  readonly result: 'bridged' | 'failed'
  /** Where it failed: the stage that was not reached, and why. */
  readonly failure?: { readonly stage: Stage; readonly reason: string; readonly status?: number }
  /** Milliseconds since the caller's INVITE. */
  readonly stages: Partial<Readonly<Record<Stage, number>>>
  /** Packets that each got after the answer. */
  readonly rtp: { readonly callerReceived: number; readonly phoneReceived: number }
  /** In words, where the caller listens. */
  readonly callerHeard: { readonly waiting: string; readonly talking: string }
}

/** One complete wake call: INVITE, push, REGISTER, INVITE, 200, RTP both ways, BYE. Never rejects. */
export async function playWakeCall(
  players: WakeCallPlayers,
  options: WakeCallOptions = {},
): Promise<WakeCallReport> {
  const play = new WakeCallPlay(players, options)
  try {
    await play.run()
    return play.report()
  } catch (error) {
    return play.report(error)
  } finally {
    await play.leave()
  }
}

class WakeCallPlay {
  readonly #start = now()
  readonly #reached: Partial<Record<Stage, number>> = {}
  #call: OutgoingCall | undefined
  #incoming: IncomingCall | undefined
  #answeredAt = Infinity
  /** What the caller had received when the answer came: ringback. */
  #ringback = 0

  constructor(
    private readonly players: WakeCallPlayers,
    private readonly options: WakeCallOptions,
  ) {}

  async run(): Promise<void> {
    const { caller, phone, push, token, uri } = this.players
    const { packets = 25, deadlineMs = 10_000, wakeAfterMs = 0 } = this.options
    const call = (this.#call = await caller.call(uri, this.options.call))
    const pushed = await this.#reach('pushed', call, push.nextDelivery(token, deadlineMs))
    if (wakeAfterMs > 0) await new Promise((resolve) => setTimeout(resolve, wakeAfterMs))
    await this.#reach('registered', call, this.#wake(pushed))
    const incoming = await this.#reach('invited', call, phone.nextCall(deadlineMs))
    this.#incoming = incoming
    await this.#reach('answered', call, call.answered())
    this.#answeredAt = now()
    this.#ringback = call.media.rtp.received.packets
    await this.#reach('established', call, incoming.established)
    await this.#reach('media', call, this.#talk(call, incoming, packets, deadlineMs))
    const ender = this.options.endedBy === 'phone' ? incoming : call
    ender.hangUp()
    await this.#reach('ended', call, Promise.all([call.ended, incoming.ended]))
  }

  report(error?: unknown): WakeCallReport {
    const segments = this.#call?.mediaOrNone?.rtp.receiver.hearing?.segments ?? []
    const at = this.#answeredAt
    const [waiting, talking] = [between(segments, 0, at), between(segments, at, Infinity)]
    return {
      result: error === undefined ? 'bridged' : 'failed',
      ...(error === undefined ? {} : { failure: this.#failure(error) }),
      stages: this.#reached,
      rtp: {
        callerReceived: this.#fromPhone(),
        phoneReceived: this.#incoming?.mediaOrNone?.rtp.received.packets ?? 0,
      },
      callerHeard: { waiting: describeSegments(waiting), talking: describeSegments(talking) },
    }
  }

  /** Nothing is left up, however far it came. */
  async leave(): Promise<void> {
    this.#call?.hangUp()
    await this.players.phone.sleep()
  }

  async #wake(push: ReceivedPush): Promise<void> {
    const response = await this.players.phone.wake(this.options.wakeWith?.(push))
    if (response.status >= 300) throw new Error(`REGISTER got ${response.status} ${response.reason}`)
  }

  async #talk(
    call: OutgoingCall,
    incoming: IncomingCall,
    packets: number,
    deadlineMs: number,
  ): Promise<void> {
    const caller = call.media.rtp.receiver
    const phone = incoming.media.rtp.receiver
    await Promise.all([
      caller.until(`${packets} packets at the caller`, () => this.#fromPhone() >= packets, deadlineMs),
      phone.until(`${packets} packets at the phone`, (received) => received.packets >= packets, deadlineMs),
    ])
  }

  #fromPhone(): number {
    if (this.#answeredAt === Infinity) return 0
    return (this.#call?.mediaOrNone?.rtp.received.packets ?? 0) - this.#ringback
  }

  /** A call that failed ends every wait. */
  async #reach<T>(stage: Stage, call: OutgoingCall, step: Promise<T>): Promise<T> {
    const failed = call.outcome.then((outcome) => {
      if (outcome.kind !== 'answered') throw new CallFailed(outcome)
      return step
    })
    const value = await Promise.race([step, failed])
    this.#reached[stage] = now() - this.#start
    return value
  }

  #failure(error: unknown): NonNullable<WakeCallReport['failure']> {
    const stage = stages.find((one) => this.#reached[one] === undefined) ?? 'ended'
    const reason = error instanceof Error ? error.message : String(error)
    const status =
      error instanceof CallFailed && error.outcome.kind === 'failed' ? error.outcome.status : undefined
    return { stage, reason, ...(status === undefined ? {} : { status }) }
  }
}

/** The ladder of what these players saw, from the caller's first INVITE on. */
export function wakeCallLadder({ caller, phone, push, token }: WakeCallPlayers, server = 'reveille'): string {
  const calls = eventsOf('caller', server, caller.peer.log.entries)
  const start = calls.find((event) => event.label.startsWith('INVITE'))?.at ?? 0
  const pushes = pushEvents(push.pushesTo(token), server, 'push', 'phone')
  const all = [...calls, ...pushes, ...eventsOf('phone', server, phone.log.entries)]
  return drawLadder(
    ['caller', server, 'push', 'phone'],
    all.filter((event) => event.at >= start),
  )
}
