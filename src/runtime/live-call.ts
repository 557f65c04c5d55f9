import type { Effect } from '../call/effect.js'
import type { CallEvent } from '../call/event.js'
import type { AttemptId, DeviceLegId, LegId } from '../call/ids.js'
import { NEW, type State } from '../call/state.js'
import { transition } from '../call/transition.js'
import type { RouteTarget } from '../call/plan.js'
import type { MediaEndpoint } from '../ports/media.js'
import type { IncomingCall } from '../ports/signaling.js'
import type { Binding, Device } from '../ports/store.js'
import type { CallerTerms, Trunk } from '../routing/table.js'
import { type AnsweredCall, Answers, seenByAll } from './answers.js'
import { CallPath, type PathHooks, type RouteChosen } from './call-path.js'
import type { EndedCall } from './ended-calls.js'
import type { MissedCall } from './late-phones.js'
import { Mailbox, type Recipient } from './mailbox.js'
import type { CallOrigin } from './origin.js'
import { Performer, type PerformerHooks } from './performer.js'
import { because } from './reason.js'
import { CallRecorder } from './recorder.js'
import { attemptOf, deviceOf, devicesOf, takerOf, winnerOf } from './seen-by.js'
import type { PushOffers } from './push-offers.js'
import type { Services } from './services.js'

/** Whoever has the calls. */
export interface CallOwner {
  /** The call is for these users: their registrations are its business from now on. */
  concerns(call: LiveCall, users: readonly string[]): void
  /** A phone of this user has the call, or of nobody. */
  taken(call: LiveCall, user: string | undefined): void
  /** It is over; what is open of it closes. */
  ended(call: LiveCall, ended: EndedCall): void
  /** Nothing of it is open any more. */
  released(call: LiveCall): void
  /** The cell phone is to reject the call that it reported. */
  instruct(call: LiveCall): void
  /** A device slept through a call. */
  missed(device: Device, call: () => MissedCall): void
}

/** How a call goes whose caller is expected. */
export type ReportedHow = Omit<Extract<CallEvent, { type: 'reported' }>, 'type' | 'target'>

const NO_ATTEMPTS: readonly AttemptId[] = []
const NO_DEVICES: readonly string[] = []

/**
 * One call: its state and its mailbox. The machine decides; what it asks for is performed, and what comes of that is
 * fed back as events. Many calls wait at a time: what a call may never need is made when it does.
 */
export class LiveCall implements AnsweredCall, PerformerHooks, PathHooks, Recipient<CallEvent> {
  state: State = NEW
  /** The attempt that has, or had, the call. */
  winner: AttemptId | undefined
  readonly startedAt: number
  readonly path: CallPath
  /** Those that were joined to the caller: more than one where instructions go on after a call. */
  private talkers = NO_ATTEMPTS
  /** Whose phone has the call now. */
  private taker: string | undefined
  private abandoned = false
  private calledIn = NO_DEVICES
  private said: Answers | undefined
  private readonly mailbox = new Mailbox<CallEvent>(this)
  private readonly performer: Performer
  private readonly recorder: CallRecorder

  constructor(
    readonly id: string,
    readonly origin: CallOrigin,
    readonly called: string,
    private readonly services: Services,
    private readonly owner: CallOwner,
  ) {
    this.recorder = new CallRecorder(services, this)
    this.startedAt = this.recorder.startedAt
    this.path = new CallPath(services, this)
    this.performer = new Performer(this, this.path.through(services), this)
  }

  post(event: CallEvent): void {
    this.mailbox.post(event)
  }

  fault(error: unknown, { type }: CallEvent): void {
    const fields = { err: error, callId: this.id, event: type }
    this.services.log.error(fields, 'an event of a call was not handled')
  }

  /** What the devices of the call say by API. */
  get answers(): Answers {
    this.said ??= new Answers(this, this.services.table)
    return this.said
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
    return this.performer.timers.open
  }

  /** Begins with the caller's INVITE. */
  invited(invite: IncomingCall, terms: CallerTerms, target: RouteTarget): void {
    this.callerIsHere(invite, terms)
    this.post({ type: 'invited', target, hold: terms.ringback, accept: terms.accept })
  }

  /** Begins with the word of a cell phone; its caller is expected. */
  reported(report: ReportedHow & { readonly target: RouteTarget }): void {
    this.post({ type: 'reported', ...report })
  }

  /** The INVITE of the expected caller has come. */
  forwarded(invite: IncomingCall, trunk: Trunk): void {
    const waiting = this.state.phase === 'expecting' ? this.state.winner : undefined
    const like = waiting === undefined ? undefined : this.performer.legs.find(waiting)?.endpoint
    this.recorder.trunk(trunk.name)
    this.callerIsHere(invite, trunk, like)
    this.post({ type: 'forwarded' })
  }

  private callerIsHere(invite: IncomingCall, terms: CallerTerms, like?: MediaEndpoint): void {
    this.performer.caller.arrive(invite, terms, like)
    invite.onCancel((reason) => this.post({ type: 'caller-cancelled', ...because(reason) }))
  }

  /** A phone of one of the call's users has registered. */
  registered(binding: Binding): void {
    this.performer.callee.learn({ devices: [], bindings: [binding] })
    const { user } = binding
    const device =
      binding.deviceId === null ? null : { deviceId: binding.deviceId, wakeable: true, callsIn: false }
    this.post({ type: 'registered', user, device, contact: binding })
  }

  /** One of the call's devices has sent an INVITE of its own, which it may do once. */
  arrived(invite: IncomingCall, deviceId: string): 'in' | 'used' | 'not-invited' {
    const attempt = attemptOf(this.state, deviceId)
    if (attempt === undefined || this.abandoned) return 'not-invited'
    if (this.calledIn.includes(deviceId)) return 'used'
    this.calledIn = [...this.calledIn, deviceId]
    this.performer.legs.arrive(attempt, invite)
    return 'in'
  }

  gatewayLost(gateway: string): void {
    const caller: LegId[] = this.performer.caller.gateway === gateway ? ['caller'] : []
    const legs = [...caller, ...this.performer.legs.legsOn(gateway)]
    if (legs.length > 0) this.post({ type: 'signaling-lost', legs })
  }

  /** Stops where it is: nothing more is heard or done. For the end of the process. */
  abandon(): void {
    this.abandoned = true
    this.performer.timers.stopAll()
    this.performer.close()
  }

  handle(event: CallEvent): void {
    if (this.abandoned) return
    const { state, effects } = transition(this.state, event)
    this.state = state
    this.winner = winnerOf(state) ?? this.winner
    if (event.type === 'connected' && this.winner !== undefined) this.talkers = [...this.talkers, this.winner]
    this.tellTaken()
    this.recorder.event(event)
    this.performer.heard(event)
    for (const effect of effects) {
      this.recorder.effect(effect)
      this.perform(effect)
    }
  }

  private tellTaken(): void {
    const user = takerOf(this.state)
    if (user === this.taker) return
    this.taker = user
    this.owner.taken(this, user)
  }

  /** One effect that cannot be performed must not cost the call those after it. */
  private perform(effect: Effect): void {
    try {
      this.performer.perform(effect)
    } catch (error) {
      const fields = { err: error, callId: this.id, effect: effect.type }
      this.services.log.error(fields, 'an effect of a call could not be performed')
    }
  }

  talked(attempt: AttemptId): boolean {
    return this.talkers.includes(attempt)
  }

  get deadline(): number {
    return this.performer.timers.deadline(this.state.phase === 'accepted' ? 'second-response' : 'hold')
  }

  get offers(): PushOffers {
    return this.performer.offers
  }

  arriveOffered(attempt: AttemptId, endpoint: MediaEndpoint, deviceId: string): void {
    this.performer.arriveOffered(attempt, endpoint, deviceId)
  }

  hungUp(leg: DeviceLegId): Promise<void> {
    return this.performer.hungUp(leg)
  }

  get callerGateway(): string | undefined {
    return this.performer.caller.gateway
  }

  routeChosen(choice: RouteChosen): void {
    this.recorder.routeChosen(choice)
  }

  concerns(users: readonly string[]): void {
    // Instructions that were asked while the call lived may say so when it is over.
    if (this.abandoned || this.state.phase === 'ended') return
    this.owner.concerns(this, users)
    this.recorder.user(users[0] ?? null)
  }

  ended(): void {
    const { state } = this
    if (state.phase !== 'ended') throw new Error(`call ${this.id} has not ended`)
    this.owner.ended(this, {
      view: { state: 'ended', deadline: null, ending: state.ending, ...seenByAll(this) },
      devices: devicesOf(state),
      winner: deviceOf(state, this.winner),
    })
  }

  released(leaked: readonly string[]): void {
    this.services.observer.released(this.id, leaked)
    this.owner.released(this)
  }

  instruct(): void {
    this.owner.instruct(this)
  }

  slept(attempt: AttemptId, deviceId: string, reason: string): void {
    const { callee, legs } = this.performer
    const device = callee.device(deviceId)
    if (device !== undefined) {
      this.owner.missed(device, () => ({ invite: legs.invitationOf(attempt), reason }))
    }
  }
}
