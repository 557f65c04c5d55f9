import type { Contact } from '../call/destination.js'
import type { Effect } from '../call/effect.js'
import type { Ending } from '../call/ending.js'
import type { CallEvent } from '../call/event.js'
import type { RouteTarget } from '../call/plan.js'
import { type AttemptId, type DialId, NEW, type State } from '../call/state.js'
import { transition } from '../call/transition.js'
import type { MediaEndpoint } from '../ports/media.js'
import type { IncomingCall } from '../ports/signaling.js'
import type { Binding, Device } from '../ports/store.js'
import type { Trunk } from '../routing/table.js'
import type { WakeHandle } from '../wake/waker.js'
import { connect } from './bridge.js'
import { type CallerIdentity, callerOf } from './caller-identity.js'
import { CallerSide } from './caller-side.js'
import { callIdOf, dialOrder } from './dial-order.js'
import { DeviceSide } from './device-side.js'
import type { Diverted } from './diversion.js'
import { endingOfFailure } from './failure.js'
import { mailbox } from './mailbox.js'
import { MediaWatch } from './media-watch.js'
import { CallRecorder } from './recorder.js'
import type { Services } from './services.js'
import { CallTimers } from './timers.js'

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
export class LiveCall {
  readonly post: (event: CallEvent) => void
  readonly caller: CallerSide
  readonly identity: CallerIdentity
  private state: State = NEW
  private readonly dials = new Map<DialId, DeviceSide>()
  private readonly wakes = new Map<AttemptId, WakeHandle>()
  private readonly devices = new Map<string, Device>()
  private readonly bindings = new Map<string, Binding>()
  private readonly dialCounts = new Map<AttemptId, number>()
  private readonly diverted: Diverted[] = []
  private readonly watch = new MediaWatch(() => this.post({ type: 'media-timeout' }))
  private target: RouteTarget | undefined
  private readonly timers: CallTimers
  private readonly recorder: CallRecorder

  constructor(
    readonly id: string,
    invite: IncomingCall,
    readonly trunk: Trunk,
    readonly called: string,
    private readonly services: Services,
    private readonly owner: CallOwner,
  ) {
    this.post = mailbox((event) => this.handle(event))
    this.timers = new CallTimers(services.clock, (timer) => this.post({ type: 'timer', id: timer }))
    this.identity = callerOf(invite, trunk.trusted)
    this.recorder = new CallRecorder(services, {
      id,
      trunk: trunk.name,
      from: this.identity.user ?? 'anonymous',
      to: called,
    })
    this.caller = new CallerSide(
      invite,
      trunk,
      services.media,
      services.settings,
      this.mediaEvents('caller'),
      services.log,
    )
  }

  get phase(): State['phase'] {
    return this.state.phase
  }

  /** Legs that are open or opening, the caller's included. */
  get openLegs(): number {
    if (this.state.phase === 'new') return 0
    return this.state.dials.length + (this.state.caller === 'closed' ? 0 : 1)
  }

  get openTimers(): number {
    return this.timers.open
  }

  begin(): void {
    this.caller.invite.onCancel((reason) =>
      this.post(reason === undefined ? { type: 'caller-cancelled' } : { type: 'caller-cancelled', reason }),
    )
    this.post({
      type: 'invited',
      target: { kind: 'number', number: this.called },
      hold: this.trunk.ringback,
    })
  }

  /** A phone of one of the call's users has registered. */
  registered(binding: Binding): void {
    this.know([binding])
    const device = binding.deviceId === null ? null : { deviceId: binding.deviceId, wakeable: true }
    this.post({ type: 'registered', device, contact: binding })
  }

  gatewayLost(gateway: string): void {
    const caller = this.caller.invite.gateway === gateway ? (['caller'] as const) : []
    // A dial that is not answered yet says so itself; an answered leg has nobody else to tell of it.
    const legs = [...this.dials]
      .filter(([, d]) => d.leg !== undefined && d.gateway === gateway)
      .map(([id]) => id)
    if (caller.length + legs.length > 0) this.post({ type: 'signaling-lost', legs: [...caller, ...legs] })
  }

  private handle(event: CallEvent): void {
    const { state, effects } = transition(this.state, event)
    this.state = state
    this.recorder.event(event)
    for (const effect of effects) this.perform(effect)
  }

  private perform(effect: Effect): void {
    this.recorder.effect(effect)
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
      case 'wake':
        return this.wake(effect.attempt, effect.deviceId)
      case 'stop-wake':
        return this.wakes.get(effect.attempt)?.stop()
      case 'dial':
        return this.dial(effect)
      case 'cancel-dial':
        return this.dials.get(effect.dial)?.cancel(effect.reason)
      case 'connect':
        return this.connect(effect.dial)
      case 'hang-up':
        return this.hangUp(effect.leg, effect.reason)
      case 'reject-caller':
        return this.run(this.caller.reject(effect.ending), () => this.caller.close())
      case 'tell-ending':
        return this.tellEnding(effect.attempt, effect.deviceId, effect.reason)
      case 'start-timer':
        return this.timers.start(effect.id, effect.ms)
      case 'stop-timer':
        return this.timers.stop(effect.id)
      case 'end':
        this.owner.ended()
        return this.releaseMedia(undefined)
      case 'release':
        return this.release(effect.leaked)
      default:
        effect satisfies never
    }
  }

  private route(target: RouteTarget, after: Ending | null): void {
    const { router } = this.services
    if (after !== null && this.target !== undefined)
      this.diverted.push({ uri: this.uriOf(this.target), after })
    this.target = target
    // Before the look-up, so that a phone that registers meanwhile is not missed.
    const users = router.usersOf(target)
    this.owner.concerns(users)
    this.recorder.user(users[0] ?? null)
    router.route(target).then(
      ({ plan, bindings, devices }) => {
        this.know(bindings)
        for (const device of devices) this.devices.set(device.id, device)
        this.post({ type: 'routed', plan })
      },
      (error: unknown) => this.post({ type: 'route-failed', ending: endingOfFailure(error) }),
    )
  }

  private wake(attempt: AttemptId, deviceId: string): void {
    const { waker, sleepers, settings } = this.services
    const device = this.devices.get(deviceId)
    if (device === undefined) {
      this.post({ type: 'push-refused', attempt, gone: false, detail: `device ${deviceId} is not known` })
      return
    }
    const silent = this.contactOf(attempt)
    if (silent !== undefined) sleepers.silent(silent)
    const handle = waker.wake({
      call: {
        id: this.id,
        sipCallId: callIdOf(this.id, attempt, 0),
        from: this.identity.user ?? 'anonymous',
        ...(this.identity.name === null ? {} : { fromName: this.identity.name }),
        to: this.called,
      },
      device,
      deadline: this.timers.deadline('hold'),
      edge: settings.edge,
    })
    this.wakes.set(attempt, handle)
    this.run(handle.outcome, (outcome) =>
      this.post(
        outcome.kind === 'delivered'
          ? { type: 'push-delivered', attempt }
          : { type: 'push-refused', attempt, gone: outcome.gone, detail: outcome.detail },
      ),
    )
  }

  private tellEnding(attempt: AttemptId, deviceId: string, reason: string): void {
    const device = this.devices.get(deviceId)
    if (device === undefined) return
    const call = { id: this.id, sipCallId: callIdOf(this.id, attempt, 0) }
    this.run(this.services.waker.tellEnding(device, call, reason).outcome)
  }

  private dial({ dial, attempt, target }: Extract<Effect, { type: 'dial' }>): void {
    const nth = this.dialCounts.get(attempt) ?? 0
    this.dialCounts.set(attempt, nth + 1)
    const binding = target.kind === 'contact' ? this.bindings.get(keyOf(target.contact)) : undefined
    const order = dialOrder({
      callId: this.id,
      sipCallId: callIdOf(this.id, attempt, nth),
      called: this.called,
      identity: this.identity,
      invite: this.caller.invite,
      trusted: this.trunk.trusted,
      diverted: this.diverted,
      settings: this.services.settings,
      target,
      binding,
      trunk: target.kind === 'outside' ? this.services.table().trunk(target.trunk) : undefined,
    })
    const side = new DeviceSide(
      dial,
      order.gateway ?? this.caller.invite.gateway,
      {
        post: (event) => this.fromDevice(event, target.kind === 'contact' ? target.contact : undefined),
        ...this.mediaEvents(dial),
        info: (type, body) => this.relayInfo('caller', type, body),
      },
      this.services.log,
    )
    this.dials.set(dial, side)
    this.run(side.dial(this.services.signaling, this.services.media, this.caller.endpoint(), order))
  }

  private fromDevice(event: CallEvent, contact: Contact | undefined): void {
    if (contact !== undefined && event.type === 'dial-progressed') this.services.sleepers.heard(contact)
    this.post(event)
  }

  private connect(dial: DialId): void {
    this.releaseMedia(dial)
    const side = this.dials.get(dial)
    if (side === undefined) throw new Error(`dial ${dial} is not known`)
    connect(this.caller, side).then(
      (callerLeg) => {
        callerLeg.listen({
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

  /** An INVITE that lost may take half a minute to be over; the ports that it holds are wanted before that. */
  private releaseMedia(winner: DialId | undefined): void {
    for (const [id, side] of this.dials) {
      if (id !== winner && side.leg === undefined) this.run(side.close())
    }
  }

  private hangUp(leg: 'caller' | DialId, reason: string): void {
    if (leg !== 'caller') return this.run(this.dials.get(leg)?.hangUp(reason) ?? Promise.resolve())
    this.run(this.caller.hangUp(reason), () => this.callerClosed(undefined))
  }

  private callerClosed(reason: string | undefined): void {
    this.run(this.caller.close())
    this.post({ type: 'leg-closed', leg: 'caller', ...(reason === undefined ? {} : { reason }) })
  }

  /** DTMF and the like by INFO (RFC 6086), from one side of the bridge to the other. */
  private async relayInfo(to: 'caller' | DialId, contentType: string, body: string): Promise<number> {
    const leg = to === 'caller' ? this.caller.leg : this.dials.get(to)?.leg
    if (leg === undefined) return 481
    await leg.info(contentType, body)
    return 200
  }

  private mediaEvents(side: 'caller' | DialId): { mediaTimeout(): void; mediaLost(): void } {
    return {
      // A caller that listens to ringback need not send; a bridged call in which both are silent is dead.
      mediaTimeout: () => {
        if (this.state.phase !== 'bridged') return
        this.run(this.endpointOf(side).then((endpoint) => this.watch.timedOut(side, endpoint)))
      },
      mediaLost: () => this.post({ type: 'media-lost' }),
    }
  }

  private async endpointOf(side: 'caller' | DialId): Promise<MediaEndpoint> {
    const dialled = side === 'caller' ? undefined : this.dials.get(side)
    return dialled?.endpoint ?? this.caller.endpoint()
  }

  private contactOf(attempt: AttemptId): Contact | undefined {
    if (this.state.phase === 'new') return undefined
    const open = this.state.dials.find((d) => d.attempt === attempt && d.phase === 'trying')
    return open?.target.kind === 'contact' ? open.target.contact : undefined
  }

  private know(bindings: readonly Binding[]): void {
    for (const binding of bindings) this.bindings.set(keyOf(binding), binding)
  }

  private uriOf(target: RouteTarget): string {
    const { domain } = this.services.settings
    switch (target.kind) {
      case 'number':
        return `sip:${target.number}@${domain}`
      case 'user':
        return `sip:${target.user}@${domain}`
      case 'outside':
        return target.uri
    }
  }

  private release(leaked: readonly string[]): void {
    this.timers.stopAll()
    // The world is to be tidy even where a leg never answered.
    this.run(Promise.all([this.caller.close(), ...[...this.dials.values()].map((d) => d.close())]))
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

function keyOf({ bindingId, flow }: Contact): string {
  return `${bindingId} ${flow}`
}
