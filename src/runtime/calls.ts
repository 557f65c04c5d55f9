import type { BusMessage } from '../ports/bus.js'
import { EVENT_PACKAGES } from '../ports/presence.js'
import type {
  PrimaryCallNotTaken,
  PrimaryCallReport,
  PrimaryWord,
  ShownCaller,
} from '../ports/primary-calls.js'
import type { Ending } from '../call/ending.js'
import type { Permitted } from '../outgoing/outgoing.js'
import type { Final, IncomingCall, SipTransaction } from '../ports/signaling.js'
import { admit, ALLOW, DRAINING, trunkOf, unacceptable } from './admission.js'
import { callNamedBy, letIn } from './arrivals.js'
import { CallsByUser } from './calls-by-user.js'
import { EndedCalls } from './ended-calls.js'
import { EngagedUsers } from './engaged-users.js'
import { LatePhones } from './late-phones.js'
import { type CallOwner, LiveCall, type ReportedHow } from './live-call.js'
import { type CallOrigin, clientOrigin, expectedOrigin, originOf } from './origin.js'
import type { Services } from './services.js'
import type { Trunk } from '../routing/table.js'
import { uuid } from '../uuid.js'

/** How long a draining server waits for the last answers to its BYEs. */
const LAST_LEGS_MS = 2_000

/** What is open, for the metrics: all zero when nobody calls. */
export interface CallGauges {
  readonly calls: number
  readonly legs: number
  readonly timers: number
  readonly byPhase: Readonly<Record<string, number>>
}

/** Every live call of this node. */
export class Calls {
  private readonly live = new Map<string, LiveCall>()
  private readonly byUser = new CallsByUser<LiveCall>()
  /** Who is to be told how a call ended. */
  private readonly over = new Map<string, (ending: Ending) => void>()
  private readonly owner: CallOwner
  readonly ended: EndedCalls
  private readonly late: LatePhones
  private readonly engaged = new EngagedUsers()
  private closing = false
  /** Called whenever a call has ended or is gone. */
  private settled: () => void = () => undefined

  constructor(private readonly services: Services) {
    this.ended = new EndedCalls(services.clock)
    this.late = new LatePhones(services)
    this.owner = this.ownerOfCalls()
  }

  /** Whether a call lives here under this id, or has a leg whose Call-ID it is. */
  lives(id: string): boolean {
    return this.find(id.split('.')[0] ?? id) !== undefined
  }

  find(callId: string): LiveCall | undefined {
    const call = this.live.get(callId)
    return call?.phase === 'ended' ? undefined : call
  }

  /** New calls are refused. */
  get draining(): boolean {
    return this.closing
  }

  get gauges(): CallGauges {
    const byPhase: Record<string, number> = {}
    let legs = 0
    let timers = 0
    for (const call of this.live.values()) {
      byPhase[call.phase] = (byPhase[call.phase] ?? 0) + 1
      legs += call.openLegs
      timers += call.openTimers
    }
    return { calls: this.live.size, legs, timers, byPhase }
  }

  /**
   * Tells whenever a user or client is in more or fewer calls of this node than before: in one that it makes, and in
   * one that it has taken. Returns the function that ends this.
   */
  onUserCalls(listener: (user: string, calls: number) => void): () => void {
    return this.engaged.subscribe(listener)
  }

  /**
   * An INVITE that opens a dialog: a new call of a trunk or a client, or the leg of a device into one that waits for
   * it. Never throws.
   */
  invite(invite: IncomingCall): void {
    const callId = callNamedBy(invite)
    if (callId !== undefined) {
      return this.quietly(this.arrive(invite, callId), "a device's INVITE could not be handled")
    }
    if (this.closing) return this.refuse(invite, DRAINING)
    const trunk = trunkOf(invite, this.services.table())
    if (trunk !== undefined) this.begin(invite, trunk)
    else void this.answeredClient(invite)
  }

  private begin(invite: IncomingCall, trunk: Trunk): void {
    const { services } = this
    const admission = admit(invite, {
      minSe: services.settings.minSe,
      loops: (callId, called) => this.live.get(callId)?.called === called,
    })
    if (!admission.admitted) return this.refuse(invite, admission)
    const { called } = admission
    const matched = services.forwarding.match(invite, called, trunk)
    switch (matched.kind) {
      case 'loop':
        return this.refuse(invite, { final: { status: 482 }, why: matched.detail })
      case 'test':
        return this.refuse(invite, { final: { status: 480 }, why: 'the forwarding works: it was only tried' })
      case 'primary':
        return this.forwarded(matched.callId, invite, trunk)
      case 'target':
        return this.open(uuid(), originOf(invite, trunk), called).invited(invite, trunk, matched.target)
      default:
        matched satisfies never
    }
  }

  /** A fault of ours is no reason to leave a client without an answer. Never rejects. */
  private async answeredClient(invite: IncomingCall): Promise<void> {
    try {
      await this.fromClient(invite)
    } catch (error) {
      this.services.log.error({ err: error }, "a client's INVITE could not be handled")
      this.refuse(invite, { final: { status: 500 }, why: "a client's INVITE could not be handled" })
    }
  }

  private async fromClient(invite: IncomingCall): Promise<void> {
    const { settings, calling } = this.services
    const refusal = unacceptable(invite, settings.minSe)
    if (refusal !== undefined) return this.refuse(invite, refusal)
    let cancelled = false
    invite.onCancel(() => (cancelled = true))
    const outcome = await calling.admit(invite)
    if (outcome.kind === 'permitted') {
      // Nobody is rung for a caller who is gone already.
      if (cancelled) outcome.done()
      else this.place(uuid(), invite, outcome, () => undefined)
    } else if (outcome.routine) await invite.reject(outcome.final)
    else this.refuse(invite, outcome)
  }

  /**
   * Begins a call that a client may make. `over`: told how it ended. What it throws began no call, which counts no more.
   *
   * @param id free until now
   * @param invite by SIP, or what stands for it on a channel
   */
  place(id: string, invite: IncomingCall, permitted: Permitted, over: (ending: Ending) => void): void {
    try {
      this.begun(id, invite, permitted, over)
    } catch (error) {
      permitted.done()
      this.live.get(id)?.abandon()
      this.live.delete(id)
      this.over.delete(id)
      this.engaged.set(id, [])
      this.settled()
      throw error
    }
  }

  private begun(
    id: string,
    invite: IncomingCall,
    permitted: Permitted,
    over: (ending: Ending) => void,
  ): void {
    const origin = clientOrigin(invite, permitted, this.gatewayFor(invite))
    const call = this.open(id, origin, permitted.called, (ending) => {
      permitted.done()
      over(ending)
    })
    this.engaged.set(id, [permitted.client])
    call.invited(invite, permitted.terms, permitted.target)
  }

  /** A channel is no gateway: what is dialled for its call leaves by any that is there. */
  private gatewayFor(invite: IncomingCall): string {
    if (invite.gateway !== '') return invite.gateway
    return this.services.signaling.gateways.find(({ up }) => up)?.name ?? ''
  }

  private forwarded(callId: string, invite: IncomingCall, trunk: Trunk): void {
    this.services.forwarding.forwarded(callId)
    this.find(callId)?.forwarded(invite, trunk)
  }

  /** A cell phone rings: its secondary destinations are called for a caller who is expected. */
  report(
    report: PrimaryCallReport,
    how: ReportedHow,
    shown: ShownCaller,
  ): Promise<{ callId: string } | PrimaryCallNotTaken> {
    const refused = (why: PrimaryCallNotTaken['why'], detail: string) =>
      Promise.resolve({ kind: 'refused', why, detail } as const)
    if (this.closing) return refused('draining', 'the server is shutting down')
    const gateway = this.services.signaling.gateways.find(({ up }) => up)
    if (gateway === undefined) return refused('unavailable', 'no SIP server is there')
    const { id, subscriber } = report
    const target = { kind: 'subscriber', number: subscriber, devices: false } as const
    this.open(id, expectedOrigin(id, gateway.name, shown), subscriber).reported({ target, ...how })
    return Promise.resolve({ callId: id })
  }

  /** What the cell phone says of a call that it reported. */
  primary(callId: string, word: PrimaryWord): boolean {
    const call = this.find(callId)
    if (call === undefined) return false
    // Of use to who instructs, not to the call.
    if (word !== 'acknowledged') call.post({ type: `primary-${word}` })
    return true
  }

  private open(id: string, origin: CallOrigin, called: string, over?: (ending: Ending) => void): LiveCall {
    if (over !== undefined) this.over.set(id, over)
    const call = new LiveCall(id, origin, called, this.services, this.owner)
    this.live.set(id, call)
    return call
  }

  private ownerOfCalls(): CallOwner {
    const { services } = this
    return {
      concerns: (call, users) => this.byUser.add(call, users),
      taken: ({ id, origin }, user) => {
        const callers = origin.client === null ? [] : [origin.client]
        this.engaged.set(id, user === undefined ? callers : [...callers, user])
      },
      ended: (call, ended) => {
        const { id } = call
        this.ended.remember(ended)
        this.byUser.remove(call)
        this.engaged.set(id, [])
        this.over.get(id)?.(ended.view.ending)
        this.over.delete(id)
        services.forwarding.ended(id, ended.view.ending)
        this.settled()
      },
      released: ({ id }) => {
        this.live.delete(id)
        this.settled()
      },
      instruct: ({ id }) => services.forwarding.instruct(id),
      missed: (device, missed) => {
        if (services.table().client(device.user).late === 'invite') this.late.owe(device.id, missed())
      },
    }
  }

  /** A waiting call goes on while the server drains, so its devices are let in. */
  private async arrive(invite: IncomingCall, callId: string): Promise<void> {
    const { settings, tokens } = this.services
    const refusal =
      unacceptable(invite, settings.minSe) ??
      (await letIn(invite, callId, {
        tokens,
        realm: settings.domain,
        live: (id) => this.find(id),
        ended: this.ended,
      }))
    if (refusal !== undefined) this.refuse(invite, refusal)
  }

  private refuse(invite: IncomingCall, { final, why }: { final: Final; why: string }): void {
    this.services.observer.refused(final.status, why)
    this.quietly(invite.reject(final), 'a refusal could not be sent')
  }

  /** Keep-alive and capability query (RFC 3261 §11.2). */
  options(request: SipTransaction): void {
    const status = this.closing ? 503 : 200
    const headers = [
      ['Allow', ALLOW],
      ['Allow-Events', EVENT_PACKAGES.join(', ')],
      ['Accept', 'application/sdp'],
      ['Supported', '100rel, timer, outbound'],
    ] as const
    this.quietly(request.respond({ status, headers }), 'an OPTIONS could not be answered')
  }

  /** RFC 3261 §8.2.1. */
  other(request: SipTransaction): void {
    this.quietly(request.respond({ status: 405, headers: [['Allow', ALLOW]] }), 'a 405 could not be sent')
  }

  heard(message: BusMessage): void {
    if (message.type !== 'registered') return
    this.services.sleepers.heard(message.binding)
    this.late.registered(message.binding)
    for (const call of this.byUser.of(message.binding.user)) call.registered(message.binding)
  }

  gatewayLost(gateway: string): void {
    for (const call of [...this.live.values()]) call.gatewayLost(gateway)
  }

  /**
   * No new calls from now on. Live ones may end by themselves for `ms` milliseconds, and are ended then; resolves when
   * none is left, but for legs that do not answer a BYE or CANCEL.
   */
  async drain(ms: number): Promise<void> {
    this.closing = true
    const stop = this.services.clock.after(ms, () => this.endAll())
    await this.until(() => [...this.live.values()].every((call) => call.phase === 'ended'))
    stop()
    await Promise.race([this.until(() => this.live.size === 0), this.after(LAST_LEGS_MS)])
  }

  /** Hears and does nothing any more: the engines are going away. */
  close(): void {
    this.closing = true
    for (const call of this.live.values()) call.abandon()
    this.live.clear()
    this.byUser.clear()
  }

  private until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.settled = () => {
        if (holds()) resolve()
      }
      this.settled()
    })
  }

  private after(ms: number): Promise<void> {
    return new Promise((resolve) => this.services.clock.after(ms, resolve))
  }

  /** Ends every live call now. */
  endAll(): void {
    this.closing = true
    for (const call of [...this.live.values()]) call.post({ type: 'drained' })
  }

  private quietly(sent: Promise<void>, what: string): void {
    sent.catch((error: unknown) => this.services.log.info({ err: error }, what))
  }
}
