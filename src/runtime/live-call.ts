import type { Contact } from '../call/destination.js'
import type { Effect } from '../call/effect.js'
import type { Ending } from '../call/ending.js'
import type { CallEvent } from '../call/event.js'
import type { AttemptId, DeviceLegId, DialId, LegId } from '../call/ids.js'
import type { RouteTarget } from '../call/plan.js'
import { NEW, type State } from '../call/state.js'
import { transition } from '../call/transition.js'
import type { MediaEndpoint } from '../ports/media.js'
import type { IncomingCall } from '../ports/signaling.js'
import type { Binding } from '../ports/store.js'
import type { Trunk } from '../routing/table.js'
import { connect } from './bridge.js'
import { Callee } from './callee.js'
import { type CallerIdentity, callerOf } from './caller-identity.js'
import { CallerSide } from './caller-side.js'
import type { DeviceEvents } from './device-side.js'
import { type DialCommand, Dials } from './dials.js'
import { endingOfFailure } from './failure.js'
import { mailbox } from './mailbox.js'
import { MediaWatch } from './media-watch.js'
import { CallRecorder } from './recorder.js'
import type { CallFacts, Services } from './services.js'
import { CallTimers } from './timers.js'
import { Wakes } from './wakes.js'

export interface CallOwner {
  /** The call is for these users: their registrations are its business from now on. */
  concerns(users: readonly string[]): void
  /** It is over; what is open of it closes. */
  ended(): void
  /** Nothing of it is open any more. */
  released(): void
}

/**
 * One call: its state, its mailbox, and what stands for it in the world. The machine decides; here its effects are
 * performed, and what comes of them is fed back as events.
 */
export class LiveCall implements CallFacts {
  readonly post: (event: CallEvent) => void
  readonly identity: CallerIdentity
  private state: State = NEW
  private abandoned = false
  private readonly caller: CallerSide
  private readonly callee: Callee
  private readonly dials: Dials
  private readonly wakes: Wakes
  private readonly timers: CallTimers
  private readonly recorder: CallRecorder
  private readonly watch = new MediaWatch(() => this.post({ type: 'media-timeout' }))

  constructor(
    readonly id: string,
    invite: IncomingCall,
    private readonly trunk: Trunk,
    readonly called: string,
    private readonly services: Services,
    private readonly owner: CallOwner,
  ) {
    const { clock, settings, media, log } = services
    this.post = mailbox(
      (event) => this.handle(event),
      (error, { type }) =>
        log.error({ err: error, callId: id, event: type }, 'an event of a call was not handled'),
    )
    this.identity = callerOf(invite, trunk.trusted)
    this.timers = new CallTimers(clock, (timer) => this.post({ type: 'timer', id: timer }))
    this.caller = new CallerSide(invite, trunk, media, settings, this.mediaEvents('caller'), log)
    this.callee = new Callee(settings.domain)
    this.dials = new Dials(services, this, this.caller, this.callee, (dial) => this.deviceEvents(dial))
    this.wakes = new Wakes(services, this, this.post)
    const from = this.identity.user ?? 'anonymous'
    this.recorder = new CallRecorder(services, { id, trunk: trunk.name, from, to: called })
  }

  get phase(): State['phase'] {
    return this.state.phase
  }

  /** Legs that are open or opening, the caller's included. */
  get openLegs(): number {
    if (this.state.phase === 'new') return 0
    return this.state.legs.length + (this.state.caller === 'closed' ? 0 : 1)
  }

  get openTimers(): number {
    return this.timers.open
  }

  begin(): void {
    this.caller.invite.onCancel((reason) => this.post({ type: 'caller-cancelled', ...because(reason) }))
    const target = { kind: 'number', number: this.called } as const
    this.post({ type: 'invited', target, hold: this.trunk.ringback, accept: 'tone' })
  }

  /** A phone of one of the call's users has registered. */
  registered(binding: Binding): void {
    this.callee.learn({ devices: [], bindings: [binding] })
    const { user } = binding
    const device = binding.deviceId === null ? null : { deviceId: binding.deviceId, wakeable: true }
    this.post({ type: 'registered', user, device, contact: binding })
  }

  gatewayLost(gateway: string): void {
    const caller: LegId[] = this.caller.invite.gateway === gateway ? ['caller'] : []
    const legs = [...caller, ...this.dials.legsOn(gateway)]
    if (legs.length > 0) this.post({ type: 'signaling-lost', legs })
  }

  /** Stops where it is: nothing more is heard or done. For the end of the process. */
  abandon(): void {
    this.abandoned = true
    this.timers.stopAll()
    this.run(Promise.all([this.caller.close(), this.dials.close()]))
  }

  private handle(event: CallEvent): void {
    if (this.abandoned) return
    const { state, effects } = transition(this.state, event)
    this.state = state
    this.recorder.event(event)
    for (const effect of effects) {
      this.recorder.effect(effect)
      this.perform(effect)
    }
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'route':
        return this.route(effect.target, effect.after)
      case 'hold':
        return this.run(this.caller.hold(effect.style), (failed) =>
          this.post(failed === undefined ? { type: 'held' } : { type: 'hold-failed', ending: failed }),
        )
      case 'reassure-caller':
        return this.run(this.caller.reassure())
      case 'alert-caller':
        return this.run(this.caller.alert())
      // Nobody accepts a call yet.
      case 'tell-caller-accepted':
      case 'answer-caller':
        return
      case 'wake':
        return this.wake(effect.attempt, effect.deviceId)
      case 'stop-wake':
        return this.wakes.stop(effect.attempt)
      case 'dial':
        return this.dial(effect)
      case 'cancel-dial':
        return this.dials.side(effect.dial)?.cancel(effect.reason)
      case 'connect':
        return this.connect(effect.leg)
      case 'hang-up':
        return this.hangUp(effect.leg, effect.reason)
      case 'reject-caller':
        return this.run(this.caller.reject(effect.ending), () => this.caller.close())
      case 'tell-ending': {
        const device = this.callee.device(effect.deviceId)
        return this.run(this.wakes.tellEnding(effect.attempt, device, effect.reason))
      }
      case 'start-timer':
        return this.timers.start(effect.id, effect.ms)
      case 'stop-timer':
        return this.timers.stop(effect.id)
      case 'end':
        this.owner.ended()
        // A caller that cancelled has no leg left to be closed, and its media would stay as long as the slowest dial.
        if (this.state.phase === 'ended' && this.state.caller === 'closed') this.run(this.caller.close())
        return this.run(this.dials.releaseMedia())
      case 'release':
        return this.release(effect.leaked)
      default:
        effect satisfies never
    }
  }

  private route(target: RouteTarget, after: Ending | null): void {
    const { router } = this.services
    this.callee.goOnTo(target, after)
    // Before the look-up, so that a phone that registers meanwhile is not missed.
    const users = router.usersOf(target)
    this.owner.concerns(users)
    this.recorder.user(users[0] ?? null)
    router.route(target).then(
      (routed) => {
        this.callee.learn(routed)
        this.post({ type: 'routed', plan: routed.plan })
      },
      (error: unknown) => this.post({ type: 'route-failed', ending: endingOfFailure(error) }),
    )
  }

  /** No phone is rung or pushed for a caller that has no media: that is heard before the dial fails for want of it. */
  private dial(command: DialCommand): void {
    this.caller.endpoint().catch((error: unknown) => {
      this.post({ type: 'hold-failed', ending: endingOfFailure(error) })
    })
    this.run(this.dials.dial(command))
  }

  private wake(attempt: AttemptId, deviceId: string): void {
    const silent = this.silentContact(attempt)
    if (silent !== undefined) this.services.sleepers.silent(silent)
    this.run(this.wakes.wake(attempt, this.callee.device(deviceId), this.timers.deadline('hold')))
  }

  /** The registered flow that an attempt's INVITE went to without an answer. */
  private silentContact(attempt: AttemptId): Contact | undefined {
    if (this.state.phase === 'new') return undefined
    const open = this.state.legs.find((l) => l.attempt === attempt && l.phase === 'trying')
    return open?.target?.kind === 'contact' ? open.target.contact : undefined
  }

  private connect(dial: DeviceLegId): void {
    const side = this.dials.side(dial)
    if (side === undefined) throw new Error(`dial ${dial} is not known`)
    this.run(this.dials.releaseMedia(dial))
    connect(this.caller, side).then(
      (leg) => {
        leg.listen({
          ended: (reason) => this.callerClosed(reason),
          reoffered: async (sdp) => (await this.caller.endpoint()).modify(sdp),
          info: (type, body) => this.relayInfo(dial, type, body),
        })
        this.post({ type: 'connected' })
      },
      (error: unknown) => {
        this.services.log.warn({ err: error, callId: this.id }, 'the legs could not be joined')
        this.post({ type: 'connect-failed', ending: endingOfFailure(error) })
      },
    )
  }

  private hangUp(leg: LegId, reason: string): void {
    if (leg === 'caller') return this.run(this.caller.hangUp(reason), () => this.callerClosed(undefined))
    const side = this.dials.side(leg)
    if (side !== undefined) this.run(side.hangUp(reason))
  }

  private callerClosed(reason: string | undefined): void {
    this.run(this.caller.close())
    this.post({ type: 'leg-closed', leg: 'caller', ...because(reason) })
  }

  /** DTMF and the like by INFO (RFC 6086), from one side of the bridge to the other. */
  private async relayInfo(to: LegId, contentType: string, body: string): Promise<number> {
    const leg = to === 'caller' ? this.caller.leg : this.dials.leg(to)
    if (leg === undefined) return 481
    await leg.info(contentType, body)
    return 200
  }

  private deviceEvents(dial: DialId): DeviceEvents {
    return {
      post: this.post,
      ...this.mediaEvents(dial),
      info: (type, body) => this.relayInfo('caller', type, body),
    }
  }

  private mediaEvents(leg: LegId): Pick<DeviceEvents, 'mediaTimeout' | 'mediaLost'> {
    return {
      // A caller that listens to ringback need not send; a bridged call in which both are silent is dead.
      mediaTimeout: () => {
        if (this.state.phase !== 'bridged') return
        this.run(this.endpointOf(leg).then((endpoint) => this.watch.timedOut(leg, endpoint)))
      },
      mediaLost: () => this.post({ type: 'media-lost' }),
    }
  }

  private async endpointOf(leg: LegId): Promise<MediaEndpoint> {
    const side = leg === 'caller' ? undefined : this.dials.side(leg)
    return side?.endpoint ?? this.caller.endpoint()
  }

  private release(leaked: readonly string[]): void {
    this.timers.stopAll()
    // The world is to be tidy even where a leg never answered.
    this.run(Promise.all([this.caller.close(), this.dials.close()]))
    this.services.observer.released(this.id, leaked)
    this.owner.released()
  }

  /** Performs something in the background; what goes wrong there is a fault of ours, and is heard of. */
  private run<T>(work: Promise<T>, done?: (result: T) => void | Promise<void>): void {
    work.then(done).catch((error: unknown) => {
      this.services.log.error({ err: error, callId: this.id }, 'an effect of a call failed')
    })
  }
}

function because(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason }
}
