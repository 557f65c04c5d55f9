import type { Contact } from '../call/destination.js'
import type { Effect } from '../call/effect.js'
import { reasonOf } from '../call/ending.js'
import type { CallEvent } from '../call/event.js'
import type { AttemptId, DeviceLegId, LegId, PerformanceId } from '../call/ids.js'
import type { Performance } from '../call/performance.js'
import type { State } from '../call/state.js'
import type { MediaEndpoint } from '../ports/media.js'
import type { Device } from '../ports/store.js'
import { digitOf } from '../sip-text/dtmf.js'
import { announce, comfort, connect } from './bridge.js'
import { Callee } from './callee.js'
import type { CalleeLeg, CalleeLegEvents } from './callee-leg.js'
import { CalleeLegs, type DialCommand } from './callee-legs.js'
import { type CallerEvents, CallerSide } from './caller-side.js'
import { endingOfFailure } from './failure.js'
import { Guidance, type GuidanceHooks } from './guidance.js'
import { LookUps } from './look-ups.js'
import { MediaWatch } from './media-watch.js'
import { OfferedLeg } from './offered-leg.js'
import { Performances } from './performances.js'
import { PushOffers } from './push-offers.js'
import { because, HUNG_UP } from './reason.js'
import { winnerOf } from './seen-by.js'
import type { CallFacts, Services } from './services.js'
import { CallTimers } from './timers.js'
import { Wakes } from './wakes.js'

/** What the performer of a call tells the call, and asks of it. */
export interface PerformerHooks {
  post(event: CallEvent): void
  readonly state: State
  /** The call is for these users now. */
  concerns(users: readonly string[]): void
  /** It is over; what is open of it closes. */
  ended(): void
  /** Nothing of it is open any more. */
  released(leaked: readonly string[]): void
  /** The cell phone whose call is expected is to reject it. */
  instruct(): void
  /** A device that was pushed has had no INVITE of the call, and gets none any more. */
  slept(attempt: AttemptId, deviceId: string, reason: string): void
}

/** What stands for one call in the world: it performs the effects that the machine asks for, and posts what comes of them. */
export class Performer implements CallerEvents, CalleeLegEvents, GuidanceHooks {
  readonly caller: CallerSide
  readonly callee: Callee
  readonly legs: CalleeLegs
  readonly timers: CallTimers
  private readonly lookUps: LookUps
  private readonly wakes: Wakes
  // Most calls have none of these: they are made when they are needed first.
  private guidanceMade: Guidance | undefined
  private offersMade: PushOffers | undefined
  private performancesMade: Performances | undefined
  private watch: MediaWatch | undefined

  constructor(
    private readonly call: CallFacts,
    private readonly services: Services,
    private readonly hooks: PerformerHooks,
  ) {
    const { clock, settings, media, log } = services
    this.timers = new CallTimers(clock, (id) => hooks.post({ type: 'timer', id }))
    this.caller = new CallerSide(media, settings, this, clock, log)
    this.callee = new Callee(settings.domain)
    this.lookUps = new LookUps(services, call, this.callee, () => this.guidance, hooks)
    this.legs = new CalleeLegs(services, call, this.caller, this.callee, this)
    this.wakes = new Wakes(services, call, hooks)
  }

  get offers(): PushOffers {
    this.offersMade ??= new PushOffers(this.services.media)
    return this.offersMade
  }

  private get guidance(): Guidance {
    this.guidanceMade ??= new Guidance(this.services, this.call, this)
    return this.guidanceMade
  }

  private get performances(): Performances {
    const { clock, settings } = this.services
    this.performancesMade ??= new Performances(clock, settings.country)
    return this.performancesMade
  }

  post(event: CallEvent): void {
    this.hooks.post(event)
  }

  state(): State {
    return this.hooks.state
  }

  concerns(users: readonly string[]): void {
    this.hooks.concerns(users)
  }

  deliberating(): void {
    this.post({ type: 'deliberating' })
    this.run(this.caller.keepWaiting())
  }

  /** Takes in what has happened to the call. */
  heard(event: CallEvent): void {
    switch (event.type) {
      case 'dial-progressed':
        return this.legs.progressed(event.dial)
      case 'connected':
      case 'caller-answered':
        return this.guidance.heard(event)
      default:
      // All else is the machine's alone.
    }
  }

  perform(effect: Effect): void {
    switch (effect.type) {
      case 'route':
        return this.lookUps.begin(effect.target, effect.after)
      case 'hold':
        return this.run(this.caller.hold(effect.style), (failed) => {
          if (failed === undefined) this.hooks.post({ type: 'held' })
          else if (!this.caller.beingAnswered) this.hooks.post({ type: 'hold-failed', ending: failed })
        })
      case 'reassure-caller':
        return this.run(this.caller.reassure())
      case 'alert-caller':
        return this.run(this.caller.alert())
      case 'tell-caller-accepted':
        return this.run(this.caller.tellAccepted())
      case 'answer-caller':
        return this.answerEarly()
      case 'perform':
        return this.performForCaller(effect.id, effect.performance)
      case 'stop-performing':
        return this.guidance.performed(effect.id, this.performances.stop(effect.id))
      case 'ring-back':
        return this.run(this.caller.ringBack())
      case 'instruct-primary':
        return this.hooks.instruct()
      case 'comfort':
        return this.comfort(effect.leg)
      case 'announce':
        return this.run(announce(this.leg(effect.leg), this.services.settings.country))
      case 'wake':
        return this.wake(effect.attempt, effect.deviceId)
      case 'stop-wake':
        return this.wakes.stop(effect.attempt)
      case 'dial':
        return this.dial(effect)
      case 'cancel-dial':
        return this.legs.cancel(effect.dial, effect.reason)
      case 'connect':
        return this.connect(effect.leg)
      case 'hang-up':
        return this.hangUp(effect.leg, effect.reason)
      case 'reject-caller':
        return this.run(this.caller.reject(effect.ending), () => this.caller.close())
      case 'tell-ending':
        this.tellEnding(effect.attempt, effect.deviceId, effect.reason)
        return this.hooks.slept(effect.attempt, effect.deviceId, effect.reason)
      case 'start-timer':
        return this.timers.start(effect.id, effect.ms)
      case 'stop-timer':
        return this.timers.stop(effect.id)
      case 'end':
        this.hooks.ended()
        if (this.guidanceMade?.begun === true) this.run(this.guidanceMade.ended(effect.ending))
        // A caller that cancelled has no leg left to be closed, and its media would stay as long as the slowest dial.
        if (callerIsGone(this.hooks.state)) this.run(this.caller.close())
        return this.releaseMedia()
      case 'release':
        this.timers.stopAll()
        // The world is to be tidy even where a leg never answered.
        this.close()
        return this.hooks.released(effect.leaked)
      default:
        effect satisfies never
    }
  }

  /** A device has answered the offer of its push: media is its leg. */
  arriveOffered(attempt: AttemptId, endpoint: MediaEndpoint, deviceId: string): void {
    const tell = (reason: string): void => this.tellEnding(attempt, deviceId, reason)
    this.legs.arriveOffered(attempt, endpoint, tell)
  }

  /** A device hangs up by API. */
  async hungUp(id: DeviceLegId): Promise<void> {
    const leg = this.legs.find(id)
    if (leg instanceof OfferedLeg) await leg.hungUp()
    else await leg?.hangUp(HUNG_UP)
  }

  /** Gives back the media of INVITEs and offers that have lost, or all of them where nobody has won. */
  private releaseMedia(winner?: DeviceLegId): void {
    this.run(this.legs.releaseMedia(winner))
    this.closeOffers()
  }

  /** Gives all media back. */
  close(): void {
    this.run(this.caller.close())
    this.run(this.legs.close())
    this.closeOffers()
  }

  private closeOffers(): void {
    if (this.offersMade !== undefined) this.run(this.offersMade.close())
  }

  /** A sound that cannot be played is passed over; an engine that is lost is heard of as such. */
  private performForCaller(id: PerformanceId, performance: Performance): void {
    this.guidance.performing(id)
    this.performances.perform(id, performance, this.caller.listening()).then(
      (result) => {
        this.guidance.performed(id, result)
        this.hooks.post({ type: 'performed', performance: id })
      },
      (error: unknown) => this.hooks.post({ type: 'hold-failed', ending: endingOfFailure(error) }),
    )
  }

  /** No phone is rung or pushed for a caller that has no media: that is heard before the dial fails for want of it. */
  private dial(command: DialCommand): void {
    if (!this.caller.expected) {
      this.caller.endpoint().catch((error: unknown) => {
        this.hooks.post({ type: 'hold-failed', ending: endingOfFailure(error) })
      })
    }
    this.run(this.legs.dial(command))
  }

  private wake(attempt: AttemptId, deviceId: string): void {
    const silent = this.silentContact(attempt)
    if (silent !== undefined) this.services.sleepers.silent(silent)
    const device = this.callee.device(deviceId)
    const offers = device !== undefined && this.services.table().client(device.user).offerInPush
    const offer = offers ? () => this.offerFor(attempt, device) : undefined
    this.run(this.wakes.wake(attempt, device, this.timers.deadline('hold'), offer))
  }

  /** Our offer for a device that may answer it in its accept; a push without one is better than none. */
  private async offerFor(attempt: AttemptId, device: Device): Promise<string | undefined> {
    const { log } = this.services
    // They are asked for before anything is waited for: what closes them meanwhile closes this offer too.
    const { offers } = this
    const events = { timeout: () => this.offerTimeout(attempt), lost: () => this.mediaLost() }
    try {
      const caller = this.caller.expected ? undefined : await this.caller.endpoint()
      return await offers.make(attempt, caller, events)
    } catch (error) {
      log.warn({ err: error, callId: this.call.id, deviceId: device.id }, 'a push goes out without an offer')
      return undefined
    }
  }

  /** The registered flow that an attempt's INVITE went to without an answer. */
  private silentContact(attempt: AttemptId): Contact | undefined {
    const state = this.hooks.state
    if (state.phase === 'new') return undefined
    const open = state.legs.find((l) => l.attempt === attempt && l.phase === 'trying')
    return open?.target?.kind === 'contact' ? open.target.contact : undefined
  }

  private leg(id: DeviceLegId): CalleeLeg {
    const leg = this.legs.find(id)
    if (leg === undefined) throw new Error(`leg ${id} is not known`)
    return leg
  }

  /** The others give their media back as where the caller is there. */
  private comfort(id: DeviceLegId): void {
    const leg = this.leg(id)
    this.releaseMedia(id)
    comfort(leg).catch((error: unknown) => {
      this.services.log.warn({ err: error, callId: this.call.id }, 'a callee could not be kept waiting')
      this.run(leg.hangUp(reasonOf(endingOfFailure(error))))
    })
  }

  private connect(id: DeviceLegId): void {
    const leg = this.leg(id)
    this.releaseMedia(id)
    connect(this.caller, leg).then(
      () => this.hooks.post({ type: 'connected' }),
      (error: unknown) => {
        this.services.log.warn({ err: error, callId: this.call.id }, 'the legs could not be joined')
        this.hooks.post({ type: 'connect-failed', ending: endingOfFailure(error) })
      },
    )
  }

  private answerEarly(): void {
    this.caller.answerEarly().then(
      () => this.hooks.post({ type: 'caller-answered' }),
      (error: unknown) => this.hooks.post({ type: 'hold-failed', ending: endingOfFailure(error) }),
    )
  }

  private hangUp(leg: LegId, reason: string): void {
    if (leg === 'caller') return this.run(this.caller.hangUp(reason), () => this.callerEnded(undefined))
    const side = this.legs.find(leg)
    if (side !== undefined) this.run(side.hangUp(reason))
  }

  private tellEnding(attempt: AttemptId, deviceId: string, reason: string): void {
    const device = this.callee.device(deviceId)
    if (device !== undefined) this.run(this.wakes.tellEnding(attempt, device, reason))
  }

  callerEnded(reason: string | undefined): void {
    this.run(this.caller.close())
    this.hooks.post({ type: 'leg-closed', leg: 'caller', ...because(reason) })
  }

  /** A key of the caller, where that is what the INFO says. */
  private heardInfo(contentType: string, body: string): Promise<number> {
    const digit = digitOf(contentType, body)
    if (digit !== undefined) this.digit(digit)
    return Promise.resolve(digit === undefined ? 415 : 200)
  }

  /** DTMF and the like by INFO (RFC 6086), from one side of the bridge to the other. */
  private async relayInfo(to: LegId | undefined, contentType: string, body: string): Promise<number> {
    if (to === undefined) return 480
    const leg = to === 'caller' ? this.caller.leg : this.legs.find(to)?.leg
    if (leg === undefined) return 481
    await leg.info(contentType, body)
    return 200
  }

  /** What the caller sends goes to whoever talks to it; with nobody there it may be a key. */
  info(side: LegId, contentType: string, body: string): Promise<number> {
    const { state } = this.hooks
    if (side !== 'caller') return this.relayInfo('caller', contentType, body)
    if (state.phase === 'performing') return this.heardInfo(contentType, body)
    return this.relayInfo(state.phase === 'bridged' ? state.winner : undefined, contentType, body)
  }

  digit(digit: string): void {
    this.performancesMade?.digit(digit)
  }

  /** The caller is silent, and out of reach besides. */
  vanished(): void {
    this.post({ type: 'media-timeout' })
  }

  mediaLost(): void {
    this.post({ type: 'media-lost' })
  }

  /** The endpoint behind an offer is silent, which matters once it is the leg of whoever took it. */
  private offerTimeout(attempt: AttemptId): void {
    const { state } = this.hooks
    if (state.phase === 'bridged' && winnerOf(state) === attempt) this.mediaTimeout(state.winner)
  }

  /** A caller that listens to ringback need not send; a bridged call in which both are silent is dead. */
  mediaTimeout(side: LegId): void {
    if (this.hooks.state.phase !== 'bridged') return
    const endpoint = side === 'caller' ? this.caller.endpoint() : this.legs.find(side)?.endpoint
    if (endpoint === undefined) return
    this.watch ??= new MediaWatch(() => this.post({ type: 'media-timeout' }))
    const { watch } = this
    this.run(Promise.resolve(endpoint).then((known) => watch.timedOut(side, known)))
  }

  /** Performs something in the background; what goes wrong there is a fault of ours, and is heard of. */
  private run<T>(work: Promise<T>, done?: (result: T) => void | Promise<void>): void {
    work.then(done).catch((error: unknown) => {
      this.services.log.error({ err: error, callId: this.call.id }, 'an effect of a call failed')
    })
  }
}

function callerIsGone(state: State): boolean {
  return state.phase === 'ended' && state.caller === 'closed'
}
