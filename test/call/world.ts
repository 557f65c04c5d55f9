import type { Destination } from '../../src/call/destination.js'
import type { Effect } from '../../src/call/effect.js'
import type { CallEvent } from '../../src/call/event.js'
import type { Otherwise, Plan } from '../../src/call/plan.js'
import {
  type AttemptId,
  type DialId,
  NEW,
  type State,
  type Step,
  type TimerId,
} from '../../src/call/state.js'

export type Transition = (state: State, event: CallEvent) => Step

/** Picks a number from 0 to below `n`; the interleaving is nothing but these choices. */
export type Choose = (n: number) => number

export class Violation extends Error {}

const CONTACT = (device: string, flow: number) => ({
  bindingId: `b-${device}`,
  uri: `sip:${device}@127.0.0.1:${5000 + flow}`,
  flow: `udp/127.0.0.1:${5000 + flow}/${flow}`,
})

interface WorldDial {
  readonly attempt: AttemptId
  readonly device: string | null
  phase: 'trying' | 'progressing' | 'answered' | 'closing' | 'closed'
  cancelled: boolean
}

/**
 * Plays everything around one call: caller, devices, push service, engines and timers, in an order that `choose`
 * decides, and checks after each step what must hold for every order.
 */
export class World {
  private state: State = NEW
  readonly journal: string[] = []
  private readonly dials = new Map<DialId, WorldDial>()
  private readonly timers = new Set<TimerId>()
  private readonly stale: TimerId[] = []
  private readonly todo: { readonly label: string; readonly run: () => void }[] = []
  private readonly owed = new Set<string>()
  private callerState: 'pending' | 'answered' | 'final' | 'over' = 'pending'
  private callerFinals = 0
  private cancelled = false
  private connects = 0
  private ended = 0
  private released = 0
  private lost = false
  private flow = 1

  constructor(
    private readonly transition: Transition,
    private readonly choose: Choose,
  ) {}

  /** Runs the call from its INVITE until it is released. */
  run(): void {
    this.feed({
      type: 'invited',
      target: { kind: 'number', number: '1' },
      hold: this.pick(['early-media', 'ringing', 'queued']),
    })
    for (let i = 0; i < 400 && this.released === 0; i++) this.turn(i)
    this.require(this.released === 1, 'a call is released at last, and once')
    this.require(this.ended === 1, 'a call ends once')
    this.require(this.timers.size === 0, `no timer outlives the call: ${[...this.timers].join()}`)
    this.require(this.owed.size === 0, `every pushed device is told the ending: ${[...this.owed].join()}`)
    for (const [id, d] of this.dials) {
      this.require(d.phase === 'closed' || this.lost, `leg ${id} is closed`)
    }
    this.require(this.callerState === 'over' || this.lost, `the caller's leg is closed (${this.callerState})`)
    // A released call hears nothing any more, but what comes must not wake it.
    for (const id of this.stale) this.feed({ type: 'timer', id })
    this.feed({ type: 'registered', device: { deviceId: 'x', wakeable: true }, contact: CONTACT('x', 999) })
    this.require(this.released === 1 && this.ended === 1, 'nothing happens to a released call')
  }

  private turn(i: number): void {
    // Late in a run only what is due happens, so that every run comes to its end.
    const spontaneous = [...(i < 40 ? this.spontaneous() : []), ...this.byes()]
    const due = this.todo.map((t, index) => ({
      label: t.label,
      run: () => (this.todo.splice(index, 1), t.run()),
    }))
    // The world answers every request within the time that a call waits for its legs to close.
    const running = [...this.timers].filter((id) => this.todo.length === 0 || !id.startsWith('settle'))
    const timers = running.map((id) => ({ label: `timer ${id}`, run: () => this.fire(id) }))
    const options = due.length > 0 || spontaneous.length > 0 ? [...due, ...due, ...spontaneous] : []
    // A timer is rarely the next thing, unless nothing else is left.
    const pool = options.length === 0 ? timers : this.choose(8) === 0 ? [...options, ...timers] : options
    this.require(pool.length > 0, `the call cannot go on from ${this.state.phase}`)
    const next = pool[this.choose(pool.length)]
    this.journal.push(`> ${next?.label}`)
    next?.run()
  }

  private fire(id: TimerId): void {
    this.timers.delete(id)
    this.stale.push(id)
    this.feed({ type: 'timer', id })
  }

  private spontaneous(): { label: string; run: () => void }[] {
    const { phase } = this.state
    const options: { label: string; run: () => void }[] = []
    const add = (label: string, run: () => void): void => void options.push({ label, run })
    if (this.callerState === 'pending' && !this.cancelled) {
      add('caller cancels', () => {
        this.cancelled = true
        this.callerFinals++
        this.callerState = 'over'
        this.feed({ type: 'caller-cancelled' })
      })
    }
    for (const device of ['alice', 'tablet', 'new']) {
      add(`${device} registers`, () => {
        const flow = this.choose(3) === 0 ? this.flow : ++this.flow
        this.feed({
          type: 'registered',
          device: { deviceId: device, wakeable: this.choose(4) > 0 },
          contact: CONTACT(device, flow),
        })
      })
    }
    const stale = this.stale[this.stale.length - 1]
    if (stale !== undefined) add(`stale timer ${stale}`, () => this.staleTimer(stale))
    if (phase === 'bridged') add('media times out', () => this.feed({ type: 'media-timeout' }))
    if (this.choose(20) === 0) {
      add('gateway lost', () => this.loseGateway())
      add('media lost', () => this.feed({ type: 'media-lost' }))
      add('drained', () => this.feed({ type: 'drained' }))
    }
    return options
  }

  /** Sooner or later somebody hangs up. */
  private byes(): { label: string; run: () => void }[] {
    const options: { label: string; run: () => void }[] = []
    const add = (label: string, run: () => void): void => void options.push({ label, run })
    if (this.callerState === 'answered') {
      add('caller hangs up', () => {
        this.callerState = 'over'
        this.feed({ type: 'leg-closed', leg: 'caller' })
      })
    }
    for (const [id, d] of this.dials) {
      if (d.phase !== 'answered') continue
      add(`${id} hangs up`, () => {
        this.closeDial(id)
        this.feed({ type: 'leg-closed', leg: id })
      })
    }
    return options
  }

  private staleTimer(id: TimerId): void {
    const before = this.state
    this.feed({ type: 'timer', id })
    this.require(this.state === before, `stale timer ${id} changes nothing`)
  }

  private loseGateway(): void {
    const open = [...this.dials].filter(([, d]) => d.phase !== 'closed').map(([id]) => id)
    const some = open.filter(() => this.choose(2) === 0)
    const callerToo = this.choose(2) === 0
    for (const id of some) this.closeDial(id)
    if (callerToo) {
      this.lost = true
      this.callerState = 'over'
    }
    this.feed({ type: 'signaling-lost', legs: callerToo ? ['caller', ...some] : some })
  }

  private feed(event: CallEvent): void {
    this.journal.push(`${this.state.phase} <- ${JSON.stringify(event)}`)
    const wasEnded = this.state.phase === 'ended'
    const { state, effects } = this.transition(this.state, event)
    this.require(!wasEnded || state.phase === 'ended', 'an ended call stays ended')
    this.state = state
    for (const effect of effects) {
      this.journal.push(`    ${JSON.stringify(effect)}`)
      this.require(this.released === 0, `nothing is asked after the release: ${effect.type}`)
      this.perform(effect, wasEnded)
    }
    this.checkOneInviteADevice()
  }

  private later(label: string, run: () => void): void {
    this.todo.push({ label, run })
  }

  private perform(effect: Effect, wasEnded: boolean): void {
    switch (effect.type) {
      case 'route':
        this.forbidAfterEnd(effect.type, wasEnded)
        this.later('route result', () => this.routed())
        return
      case 'hold':
        this.later('hold result', () =>
          this.choose(10) === 0
            ? this.feed({
                type: 'hold-failed',
                ending: { cause: 'not-acceptable', by: 'server', status: 488 },
              })
            : this.feed({ type: 'held' }),
        )
        return
      case 'reassure-caller':
      case 'alert-caller':
        this.require(this.callerState === 'pending', `${effect.type} only before the final answer`)
        return
      case 'wake':
        this.forbidAfterEnd(effect.type, wasEnded)
        this.owed.add(effect.attempt)
        this.later(`push result ${effect.attempt}`, () => this.pushed(effect.attempt))
        return
      case 'stop-wake':
        return
      case 'dial':
        return this.dial(effect, wasEnded)
      case 'cancel-dial':
        return this.cancelDial(effect.dial)
      case 'connect':
        return this.connect(effect.dial, wasEnded)
      case 'hang-up':
        return this.hangUp(effect.leg)
      case 'reject-caller':
        this.require(this.callerState === 'pending', 'only a caller without a final answer is rejected')
        this.callerFinals++
        this.callerState = 'over'
        this.require(this.callerFinals === 1, 'the caller gets one final answer')
        return
      case 'tell-ending':
        this.require(this.owed.delete(effect.attempt), `${effect.deviceId} is told once, and was pushed`)
        return
      case 'start-timer':
        this.require(!this.timers.has(effect.id) && !this.stale.includes(effect.id), 'timer ids are fresh')
        this.timers.add(effect.id)
        return
      case 'stop-timer':
        this.require(this.timers.delete(effect.id), `timer ${effect.id} runs when it is stopped`)
        this.stale.push(effect.id)
        return
      case 'end':
        this.ended++
        return
      case 'release':
        this.released++
        this.require(
          effect.leaked.length === 0,
          `no leg is given up while the world answers: ${effect.leaked.join()}`,
        )
        return
      default:
        effect satisfies never
    }
  }

  private routed(): void {
    if (this.choose(12) === 0) {
      this.feed({ type: 'route-failed', ending: { cause: 'not-found', by: 'server', status: 404 } })
      return
    }
    const destinations = this.pick<Destination[]>([
      [],
      [this.device('alice')],
      [this.device('alice'), this.device('tablet')],
      [{ kind: 'contact', contact: CONTACT('desk', 7) }, this.device('alice')],
      [{ kind: 'outside', uri: 'sip:1@127.0.0.1', trunk: 't' }],
    ])
    const otherwise = this.pick<Otherwise>([
      { kind: 'outcome' },
      { kind: 'status', status: 486 },
      { kind: 'target', target: { kind: 'user', user: 'bob' } },
    ])
    const plan: Plan = { users: ['alice'], destinations, ringMs: 30_000, graceMs: 300, otherwise }
    this.feed({ type: 'routed', plan })
  }

  private device(deviceId: string): Destination {
    const wakeable = this.choose(4) > 0
    const contact = this.choose(2) === 0 ? null : CONTACT(deviceId, ++this.flow)
    return { kind: 'device', device: { deviceId, wakeable }, contact, asleep: this.choose(3) === 0 }
  }

  private pushed(attempt: AttemptId): void {
    if (this.choose(3) > 0) return this.feed({ type: 'push-delivered', attempt })
    // A device whose push was refused was never told of the call.
    this.owed.delete(attempt)
    this.feed({ type: 'push-refused', attempt, gone: true, detail: '410' })
  }

  private dial(effect: Extract<Effect, { type: 'dial' }>, wasEnded: boolean): void {
    this.forbidAfterEnd('dial', wasEnded)
    this.require(!this.dials.has(effect.dial), 'dial ids are fresh')
    const device = effect.target.kind === 'contact' ? effect.target.contact.bindingId.slice(2) : null
    this.dials.set(effect.dial, { attempt: effect.attempt, device, phase: 'trying', cancelled: false })
    this.later(`${effect.dial} goes on`, () => this.dialGoesOn(effect.dial))
  }

  private dialGoesOn(id: DialId): void {
    const dial = this.dials.get(id)
    if (dial === undefined || dial.phase === 'closed') return
    const choice = this.choose(dial.cancelled ? 6 : 4)
    if (choice === 0 && dial.phase === 'trying') {
      dial.phase = 'progressing'
      this.later(`${id} goes on`, () => this.dialGoesOn(id))
      return this.feed({ type: 'dial-progressed', dial: id, status: this.pick([100, 180, 183]) })
    }
    if (choice <= 1) {
      dial.phase = 'answered'
      return this.feed({ type: 'dial-answered', dial: id })
    }
    const status = dial.cancelled ? 487 : this.pick([486, 480, 603, 408, 503])
    this.closeDial(id)
    if (!dial.cancelled && status !== 408 && status !== 503 && dial.device !== null)
      this.owed.delete(dial.attempt)
    this.feed({ type: 'dial-failed', dial: id, status })
  }

  private cancelDial(id: DialId): void {
    const dial = this.dials.get(id)
    this.require(dial !== undefined, `only an open dial is cancelled: ${id}`)
    if (dial === undefined) return
    this.require(!dial.cancelled, `${id} is cancelled once`)
    dial.cancelled = true
    if (dial.phase === 'progressing' && this.isOver()) this.owed.delete(dial.attempt)
  }

  /** The CANCEL says how the call ended, rather than that the flow was replaced. */
  private isOver(): boolean {
    return this.state.phase !== 'waiting'
  }

  private connect(id: DialId, wasEnded: boolean): void {
    this.forbidAfterEnd('connect', wasEnded)
    this.connects++
    this.require(this.connects === 1, 'one device gets the call')
    const winner = this.dials.get(id)
    this.require(winner?.phase === 'answered', 'the device that gets the call has answered')
    if (winner !== undefined) this.owed.delete(winner.attempt)
    this.later('connect result', () => this.connected())
  }

  private connected(): void {
    if (this.lost)
      return this.feed({
        type: 'connect-failed',
        ending: { cause: 'engine-lost', by: 'server', status: 503 },
      })
    if (this.cancelled || this.choose(6) === 0) {
      return this.feed({
        type: 'connect-failed',
        ending: this.cancelled
          ? { cause: 'cancelled', by: 'caller', status: 487 }
          : { cause: 'connect-failed', by: 'server', status: 500 },
      })
    }
    this.callerFinals++
    this.require(this.callerFinals === 1, 'the caller gets one final answer')
    this.callerState = 'answered'
    this.feed({ type: 'connected' })
  }

  private hangUp(leg: string): void {
    if (leg === 'caller') {
      this.require(this.callerState === 'answered', 'BYE to the caller only after its 200')
      this.later('caller BYE done', () => {
        if (this.callerState === 'over') return
        this.callerState = 'over'
        this.feed({ type: 'leg-closed', leg: 'caller' })
      })
      return
    }
    const id = leg as DialId
    const dial = this.dials.get(id)
    this.require(dial?.phase === 'answered', `BYE only on an open leg: ${id} is ${dial?.phase}`)
    if (dial !== undefined) dial.phase = 'closing'
    this.later(`${id} BYE done`, () => {
      this.closeDial(id)
      this.feed({ type: 'leg-closed', leg: id })
    })
  }

  private closeDial(id: DialId): void {
    const dial = this.dials.get(id)
    if (dial !== undefined) dial.phase = 'closed'
  }

  private checkOneInviteADevice(): void {
    const ringing = new Map<string, number>()
    for (const dial of this.dials.values()) {
      if (dial.device === null || dial.cancelled || dial.phase === 'closed' || dial.phase === 'closing')
        continue
      ringing.set(dial.device, (ringing.get(dial.device) ?? 0) + 1)
    }
    for (const [device, n] of ringing) this.require(n === 1, `${device} has ${n} INVITEs at once`)
  }

  private forbidAfterEnd(what: string, wasEnded: boolean): void {
    this.require(!this.cancelled, `no ${what} after the caller's CANCEL`)
    this.require(!wasEnded && this.ended === 0, `no ${what} after the end`)
  }

  private pick<T>(options: readonly T[]): T {
    return options[this.choose(options.length)] as T
  }

  private require(holds: boolean, what: string): void {
    if (!holds) throw new Violation(`${what}\n${this.journal.join('\n')}`)
  }
}
