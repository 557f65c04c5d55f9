import type { Effect } from '../call/effect.js'
import type { CallEvent } from '../call/event.js'
import type { AttemptId, LegId } from '../call/ids.js'
import { NEW, type State } from '../call/state.js'
import { transition } from '../call/transition.js'
import type { RouteTarget } from '../call/plan.js'
import type { MediaEndpoint } from '../ports/media.js'
import type { IncomingCall } from '../ports/signaling.js'
import type { Binding, Device } from '../ports/store.js'
import type { CallerTerms, Trunk } from '../routing/table.js'
import { CallPath } from './call-path.js'
import { Answers, type AnsweredCall } from './answers.js'
import type { EndedCall } from './ended-calls.js'
import type { MissedCall } from './late-phones.js'
import { mailbox } from './mailbox.js'
import type { CallOrigin } from './origin.js'
import { Performer } from './performer.js'
import { because } from './reason.js'
import { CallRecorder } from './recorder.js'
import { attemptOf, deviceOf, devicesOf, takerOf, winnerOf } from './seen-by.js'
import type { CallFacts, Services } from './services.js'

export interface CallOwner {
  /** The call is for these users: their registrations are its business from now on. */
  concerns(users: readonly string[]): void
  /** A phone of this user has the call, or of nobody. */
  taken(user: string | undefined): void
  /** It is over; what is open of it closes. */
  ended(call: EndedCall): void
  /** Nothing of it is open any more. */
  released(): void
  /** The cell phone is to reject the call that it reported. */
  instruct(): void
  /** A device slept through the call. */
  missed(device: Device, call: () => MissedCall): void
}

/** How a call goes whose caller is expected. */
export type ReportedHow = Omit<Extract<CallEvent, { type: 'reported' }>, 'type' | 'target'>

/**
 * One call: its state and its mailbox. The machine decides; what it asks for is performed, and what comes of that is
 * fed back as events.
 */
export class LiveCall implements CallFacts {
  readonly post: (event: CallEvent) => void
  /** What the devices of the call say by API. */
  readonly answers: Answers
  private state: State = NEW
  /** The attempt that has, or had, the call. */
  private winner: AttemptId | undefined
  /** Those that were joined to the caller: more than one where instructions go on after a call. */
  private readonly talked = new Set<AttemptId>()
  /** Whose phone has the call now. */
  private taker: string | undefined
  private abandoned = false
  private readonly calledIn = new Set<string>()
  private readonly startedAt: number
  readonly path: CallPath
  private readonly performer: Performer
  private readonly recorder: CallRecorder

  constructor(
    readonly id: string,
    readonly origin: CallOrigin,
    readonly called: string,
    private readonly services: Services,
    private readonly owner: CallOwner,
  ) {
    const { log } = services
    this.post = mailbox(
      (event) => this.handle(event),
      (error, { type }) =>
        log.error({ err: error, callId: id, event: type }, 'an event of a call was not handled'),
    )
    this.startedAt = services.clock.now()
    const from = origin.identity.user ?? 'anonymous'
    this.recorder = new CallRecorder(services, {
      id,
      trunk: origin.trunk,
      client: origin.client,
      from,
      to: called,
    })
    this.path = new CallPath({
      ...services,
      caller: () => this.performer.caller.gateway,
      chosen: (choice) => this.recorder.routeChosen(choice),
    })
    const regional = { ...services, media: this.path.through(services.media) }
    this.performer = new Performer(this, regional, {
      post: this.post,
      state: () => this.state,
      concerns: (users) => this.concerns(users),
      ended: () => this.ended(),
      released: (leaked) => this.released(leaked),
      instruct: () => owner.instruct(),
      slept: (attempt, deviceId, reason) => {
        const device = this.performer.callee.device(deviceId)
        const missed = () => ({ invite: this.performer.legs.invitationOf(attempt), reason })
        if (device !== undefined) owner.missed(device, missed)
      },
    })
    this.answers = new Answers(this.answered(), services.table)
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
    if (this.calledIn.has(deviceId)) return 'used'
    this.calledIn.add(deviceId)
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

  private handle(event: CallEvent): void {
    if (this.abandoned) return
    const { state, effects } = transition(this.state, event)
    this.state = state
    this.winner = winnerOf(state) ?? this.winner
    if (event.type === 'connected' && this.winner !== undefined) this.talked.add(this.winner)
    this.tellTaken()
    this.recorder.event(event)
    this.performer.guidance.heard(event)
    for (const effect of effects) {
      this.recorder.effect(effect)
      this.perform(effect)
    }
  }

  private tellTaken(): void {
    const user = takerOf(this.state)
    if (user === this.taker) return
    this.taker = user
    this.owner.taken(user)
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

  private concerns(users: readonly string[]): void {
    this.owner.concerns(users)
    this.recorder.user(users[0] ?? null)
  }

  private ended(): void {
    const { state } = this
    if (state.phase !== 'ended') throw new Error(`call ${this.id} has not ended`)
    this.owner.ended({
      view: { ...this.answers.common(), state: 'ended', deadline: null, ending: state.ending },
      devices: devicesOf(state),
      winner: deviceOf(state, this.winner),
    })
  }

  private released(leaked: readonly string[]): void {
    this.services.observer.released(this.id, leaked)
    this.owner.released()
  }

  /** The call as its devices see it: what they say of it by API goes through here. */
  private answered(): AnsweredCall {
    const { performer } = this
    return {
      facts: this,
      startedAt: this.startedAt,
      state: () => this.state,
      winner: () => this.winner,
      talked: (attempt) => this.talked.has(attempt),
      deadline: () => performer.timers.deadline(this.state.phase === 'accepted' ? 'second-response' : 'hold'),
      offers: performer.offers,
      post: this.post,
      arriveOffered: (attempt, endpoint, deviceId) => performer.arriveOffered(attempt, endpoint, deviceId),
      hangUp: (leg) => performer.hungUp(leg),
    }
  }
}
