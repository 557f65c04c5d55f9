import type { Effect } from '../../src/call/effect.js'
import type { CallEvent } from '../../src/call/event.js'
import type { Performance } from '../../src/call/performance.js'
import type { Otherwise, RouteTarget } from '../../src/call/plan.js'
import type { AttemptId, DialId, LegId, PerformanceId, TimerId } from '../../src/call/ids.js'
import { noise } from './noise.js'
import { Phones, PHONES } from './phones.js'
import { type Choose, pick } from './random.js'
import type { Transition } from './referee/check.js'
import { Referee } from './referee/referee.js'

type Turn = () => void
/** What a cell phone says of its call. */
type Word = 'rejected' | 'answered' | 'ended' | 'failed'

/** What a run leans to, so that rare chains of events come about in some of them. */
interface Mood {
  readonly patience: 'cancels' | 'cancels late' | 'waits'
  readonly engines: 'stand' | 'fail'
  readonly phones: 'any' | 'stale' | 'slow' | 'restless'
  readonly otherwise: 'any' | 'target'
  readonly pushes: 'any' | 'refused' | 'slow'
  /** What the users do with the notification. */
  /** How the call begins: by its INVITE, or by the word of a cell phone. */
  readonly begins: 'invited' | 'reported'
  /** What the cell phone and its carrier do. */
  readonly cell: 'obeys' | 'is deaf' | 'acts by itself' | 'any'
  /** Whether somebody directs the call. */
  readonly directs: 'never' | 'at times' | 'often'
  readonly users: 'ignore it' | 'accept' | 'decline' | 'come' | 'any'
}

function moodOf(choose: Choose): Mood {
  return {
    patience: pick(choose, ['cancels', 'cancels late', 'waits', 'waits']),
    engines: pick(choose, ['stand', 'stand', 'fail']),
    phones: pick(choose, ['any', 'any', 'stale', 'slow', 'restless']),
    otherwise: pick(choose, ['any', 'any', 'target']),
    pushes: pick(choose, ['any', 'refused', 'slow']),
    begins: pick(choose, ['invited', 'reported']),
    cell: pick(choose, ['obeys', 'obeys', 'is deaf', 'acts by itself', 'any']),
    directs: pick(choose, ['never', 'at times', 'often']),
    users: pick(choose, ['ignore it', 'accept', 'accept', 'decline', 'come', 'any']),
  }
}

const ACCEPTS = ['tone', 'answer'] as const
const HOLDS = ['early-media', 'ringing', 'queued'] as const
const TARGET = { kind: 'target', target: { kind: 'user', user: 'bob' } } as const
/** How many steps instructions have. */
const STEPS = 8
/** How many members the group has that is asked in turn. */
const MEMBERS = 8
const OTHERWISE: readonly Otherwise[] = [
  { kind: 'outcome' },
  { kind: 'outcome' },
  { kind: 'status', status: 486 },
  TARGET,
]
const STALE = [404, 408, 410, 430, 481, 503]
const STATUSES = [...STALE, 486, 486, 480, 488, 302, 603, 600]

/** By then every call is over, unless it turns in a circle. */
const MOST_TURNS = 600

/**
 * Plays everything around one call: caller, devices, push service, engines and timers, in an order that `choose`
 * decides. What it does is possible on the wire; whether the machine does right is the referee's word.
 */
export class World {
  private readonly referee: Referee
  private readonly phones: Phones
  private readonly mood: Mood
  private readonly todo: Turn[] = []
  private turns = 0
  private arrived = 0
  /** Whose turn of the group it is. */
  private member = 0
  /** Which step of its instructions the call is at. */
  private steps = 0
  /** Which look-up is under way. */
  private lookUps = 0
  /** A leg of this run never answers what is asked of it. */
  private mute = false

  constructor(
    transition: Transition,
    private readonly choose: Choose,
  ) {
    this.referee = new Referee(transition)
    this.phones = new Phones(choose)
    this.mood = moodOf(choose)
  }

  /** Runs the call from its first word until it is released. */
  run(): void {
    const { referee } = this
    if (this.choose(8) === 0) this.meaningless()
    this.begin()
    while (!referee.released) this.turn()
    const leaked = referee.legs.openIds()
    referee.promise(
      this.mute || leaked.length === 0,
      'each leg closes where the world answers',
      leaked.join(),
    )
    // A released call hears nothing any more, and what comes must not wake it.
    for (const id of referee.timers.stale.slice(-3)) referee.noise({ type: 'timer', id })
    this.meaningless()
  }

  private begin(): void {
    const first = {
      target: { kind: 'number', number: '1' },
      hold: pick(this.choose, HOLDS),
      accept: pick(this.choose, ACCEPTS),
    } as const
    if (this.mood.begins === 'invited') return this.feed({ type: 'invited', ...first })
    const instruct = pick(this.choose, ['notified', 'accepted'] as const)
    const patienceMs = pick(this.choose, [12_000, 8_000])
    this.feed({ type: 'reported', ...first, instruct, patienceMs })
  }

  private turn(): void {
    this.referee.promise(++this.turns < MOST_TURNS, 'a call is released at last')
    const spontaneous = [...(this.late ? [] : this.spontaneous()), ...this.byes()]
    const due = this.todo.map((turn) => () => {
      this.todo.splice(this.todo.indexOf(turn), 1)
      turn()
    })
    const timers = this.timers().map((id) => () => this.feed({ type: 'timer', id }))
    const options = [...due, ...due, ...spontaneous]
    // A timer is rarely the next thing, unless nothing else is left.
    const pool = options.length === 0 ? timers : this.choose(8) === 0 ? [...options, ...timers] : options
    this.referee.promise(pool.length > 0, 'the call can go on', this.referee.state.phase)
    pick(this.choose, pool)()
  }

  /** Late in a run only what is due happens, so that every run comes to its end. */
  private get late(): boolean {
    return this.turns > 60
  }

  /** The timers that may fire now. */
  private timers(): TimerId[] {
    const running = [...this.referee.timers.running]
    if (this.late && running.length > 1) return running.filter((id) => !id.startsWith('reassure'))
    if (this.todo.length === 0) return running
    // The world answers every request within the time that a call waits for its legs to close.
    const patient = this.mood.phones === 'restless' && this.choose(4) > 0
    return running.filter((id) => !id.startsWith('settle') && !(patient && id.startsWith('hold')))
  }

  private spontaneous(): Turn[] {
    const { mood, referee } = this
    const { caller } = referee.legs
    const turns: Turn[] = []
    const impatient = mood.patience === 'cancels' || (mood.patience === 'cancels late' && this.turns > 12)
    if (impatient && ['pending', 'answering', 'joining'].includes(caller)) {
      turns.push(() => this.feed({ type: 'caller-cancelled', ...this.reason() }))
    }
    const restless = PHONES.filter(() => mood.phones === 'restless' || this.choose(3) === 0)
    turns.push(
      ...restless.map((name) => () => this.feed({ type: 'registered', ...this.phones.register(name) })),
    )
    if (this.choose(3) === 0) turns.push(() => this.meaningless())
    const stale = referee.timers.stale.at(-1)
    if (stale !== undefined) turns.push(() => referee.noise({ type: 'timer', id: stale }))
    if (referee.course.phase === 'bridged') turns.push(() => this.feed({ type: 'media-timeout' }))
    turns.push(...this.words(), ...this.cellPhone())
    const joined = referee.course.winner !== null
    if (mood.engines === 'fail' && this.choose(joined ? 2 : 8) === 0) {
      turns.push(() => this.loseGateway())
      turns.push(() => this.feed({ type: 'media-lost' }))
      turns.push(() => this.feed({ type: 'drained' }))
    }
    return turns
  }

  /** Sooner or later somebody hangs up. */
  private byes(): Turn[] {
    const { legs } = this.referee
    const answered = legs.open().filter((l) => l.phase === 'answered')
    const open: LegId[] = answered.map((l) => l.id)
    // Its BYE may overtake the word that its 200 went out.
    const answering = legs.caller === 'answering' || legs.caller === 'joining'
    if (
      legs.caller === 'open' ? this.choose(4) === 0 || !this.undecided : answering && this.choose(4) === 0
    ) {
      open.push('caller')
    }
    return open.map((leg) => () => this.feed({ type: 'leg-closed', leg, ...this.reason() }))
  }

  private get undecided(): boolean {
    return ['routing', 'performing', 'waiting', 'accepted'].includes(this.referee.course.phase)
  }

  /** What the users say by API, whether it is asked for or not. */
  private words(): Turn[] {
    const { users } = this.mood
    const { race, course } = this.referee
    const attempts = race.everybody()
    if (attempts.length === 0 || users === 'ignore it' || this.choose(2) === 0) return []
    // The device that is awaited has the most to say.
    const attempt =
      course.accepter !== null && this.choose(2) === 0 ? course.accepter : pick(this.choose, attempts)
    const speaks = { accept: [0, 0, 0, 2], decline: [1], come: [2], any: [0, 1, 2] }[users]
    return [
      [
        () => this.feed({ type: 'accepted', attempt }),
        () => this.feed({ type: 'declined', attempt, ...this.no(), ...this.reason() }),
        () => this.feed({ type: 'leg-arrived', leg: `i${++this.arrived}`, attempt }),
      ][pick(this.choose, speaks)] as Turn,
    ]
  }

  /** What the cell phone says, and the carrier does, without being told to. */
  private cellPhone(): Turn[] {
    if (!this.isExpected || this.choose(2) === 0) return []
    const says = (word: Word): Turn[] => [() => this.cellPhoneSays(word)]
    switch (this.mood.cell) {
      case 'obeys':
      case 'is deaf':
        return this.choose(12) === 0 ? says('ended') : []
      case 'acts by itself':
        return [...says('rejected'), () => this.forwarded()]
      case 'any':
        return [
          ...says(pick<Word>(this.choose, ['rejected', 'answered', 'ended', 'failed'])),
          () => this.forwarded(),
        ]
    }
  }

  private cellPhoneSays(word: Word): void {
    if (!this.isExpected) return
    this.feed({ type: `primary-${word}` })
    if (word === 'rejected' && this.choose(4) > 0) this.todo.push(() => this.forwarded())
  }

  private instructed(): void {
    if (this.mood.cell === 'is deaf') return
    const word = pick<Word>(this.choose, [
      'rejected',
      'rejected',
      'rejected',
      'rejected',
      'answered',
      'ended',
      'failed',
    ])
    this.cellPhoneSays(word)
  }

  private forwarded(): void {
    if (this.isExpected) this.feed({ type: 'forwarded' })
  }

  private get isExpected(): boolean {
    return this.referee.legs.caller === 'expected'
  }

  private no(): { status: number; redirect?: RouteTarget } {
    const status = pick(this.choose, [486, 603, 480])
    return this.choose(4) > 0 ? { status } : { status, redirect: TARGET.target }
  }

  private loseGateway(): void {
    const { legs } = this.referee
    const some = legs.openIds().filter((leg) => this.choose(leg === 'caller' ? 3 : 2) === 0)
    this.feed({ type: 'signaling-lost', legs: some })
  }

  private meaningless(): void {
    for (const event of noise(this.referee, this.choose)) this.referee.noise(event)
  }

  private feed(event: CallEvent): void {
    for (const effect of this.referee.feed(event)) this.answer(effect)
  }

  /** What the world does about an effect, some time later. */
  private answer(effect: Effect): void {
    switch (effect.type) {
      case 'route':
        return this.lookUp(++this.lookUps)
      case 'perform':
        return void this.todo.push(() => this.performed(effect.id))
      case 'hold':
        return void this.todo.push(() => this.held())
      case 'wake':
        return void this.todo.push(() => this.pushed(effect.attempt))
      case 'dial':
        if (this.mood.phones === 'slow' && this.choose(2) === 0) return
        return void this.todo.push(() => this.dialGoesOn(effect.dial))
      case 'instruct-primary':
        return void this.todo.push(() => this.instructed())
      case 'answer-caller':
        return void this.todo.push(() => this.callerAnswered())
      case 'cancel-dial':
        return void this.todo.push(() => this.cancelDone(effect.dial))
      case 'connect':
        return void this.todo.push(() => this.connected())
      case 'hang-up':
        if (this.choose(40) === 0) return this.neverAnswers()
        return void this.todo.push(() => this.byeDone(effect.leg))
      default:
        return
    }
  }

  private neverAnswers(): void {
    this.mute = true
  }

  /** Whoever directs a call may take its time. A look-up that was overtaken is heard of no more. */
  private lookUp(nth: number): void {
    this.todo.push(() => {
      if (nth !== this.lookUps) return
      const directs = this.directs
      if (directs && !this.late && this.referee.course.phase === 'routing' && this.choose(2) === 0) {
        this.feed({ type: 'deliberating' })
        return this.lookUp(nth)
      }
      if (directs && this.choose(3) > 0) this.directed()
      else this.routed()
    })
  }

  private get directs(): boolean {
    if (this.mood.directs === 'never' || this.steps >= STEPS) return false
    return this.choose(4) < (this.mood.directs === 'often' ? 3 : 1)
  }

  private directed(): void {
    const performance = pick<Performance>(this.choose, [
      { kind: 'pause', ms: 1_000 },
      { kind: 'play', sounds: [{ kind: 'tone', name: 'busy' }], times: 2 },
    ])
    const limitMs = pick(this.choose, [60_000, 45_000])
    const answer = this.choose(2) === 0
    this.feed({ type: 'directed', performance, answer, limitMs, next: this.nextStep() })
  }

  private nextStep(): RouteTarget {
    if (this.choose(4) === 0) return TARGET.target
    this.steps++
    // They may begin anew as well.
    return this.choose(6) === 0
      ? { kind: 'instructions', name: 'x' }
      : { kind: 'instructions', name: 'x', step: this.steps }
  }

  private performed(id: PerformanceId): void {
    const { running } = this.referee.stage
    if (running !== id) return this.referee.noise({ type: 'performed', performance: id })
    // The end of some is never heard of.
    if (this.choose(8) > 0) this.feed({ type: 'performed', performance: id })
  }

  private routed(): void {
    if (this.choose(16) === 0) {
      return this.feed({ type: 'route-failed', ending: { cause: 'not-found', by: 'server', status: 404 } })
    }
    const otherwise = this.otherwise()
    const ringMs = pick(this.choose, [30_000, 20_000])
    const graceMs = pick(this.choose, [300, 500])
    const secondResponseMs = pick(this.choose, [15_000, 10_000])
    const directs = this.mood.directs !== 'never' && this.steps < STEPS
    const goesOn = directs && this.choose(2) === 0 ? this.nextStep() : null
    const answerFirst = directs && this.choose(3) === 0
    const plan = {
      users: pick(this.choose, [[], ['alice'], ['alice'], ['alice', 'bob'], ['bob']]),
      destinations: this.phones.found(),
      ringMs,
      graceMs,
      secondResponseMs,
      otherwise,
      goesOn,
      answerFirst,
    }
    this.feed({ type: 'routed', plan })
  }

  private otherwise(): Otherwise {
    if (this.mood.otherwise === 'target') return TARGET
    const directs = this.mood.directs === 'often' && this.steps < STEPS
    if (directs && this.choose(2) === 0) return { kind: 'target', target: this.nextStep() }
    const inTurn = this.member < MEMBERS && this.choose(5) === 0
    if (!inTurn) return pick(this.choose, OTHERWISE)
    return { kind: 'target', target: { kind: 'group', group: 'g', member: ++this.member } }
  }

  private held(): void {
    // Where its 200 is on the way, that is what fails or not.
    if (this.choose(16) > 0 || this.referee.legs.caller === 'answering') return this.feed({ type: 'held' })
    this.feed({ type: 'hold-failed', ending: { cause: 'not-acceptable', by: 'server', status: 488 } })
  }

  private callerAnswered(): void {
    if (this.referee.legs.caller !== 'answering') return
    if (this.choose(20) === 0) return this.neverAnswers()
    if (this.choose(6) > 0) return this.feed({ type: 'caller-answered' })
    this.feed({ type: 'hold-failed', ending: { cause: 'not-acceptable', by: 'server', status: 488 } })
  }

  private pushed(attempt: AttemptId): void {
    const { pushes } = this.mood
    if (pushes === 'slow' && this.choose(3) > 0) return
    const refused = (): void => this.feed({ type: 'push-refused', attempt, gone: true, detail: '410' })
    if (pushes === 'refused' || this.choose(3) === 0) return refused()
    // A service may take a push and find later that it cannot deliver it.
    if (this.choose(6) === 0) this.todo.push(refused)
    this.feed({ type: 'push-delivered', attempt })
  }

  private dialGoesOn(id: DialId): void {
    if (!this.isInviteOpen(id)) return
    const again = (): void => void this.todo.push(() => this.dialGoesOn(id))
    const { phones } = this.mood
    if (!this.late && this.choose(3) === 0) {
      again()
      const status = pick(this.choose, [100, 180, 183, 180])
      return this.feed({ type: 'dial-progressed', dial: id, status })
    }
    if (phones === 'restless' && !this.late && this.choose(4) > 0) return again()
    if (this.choose(phones === 'stale' ? 12 : 3) === 0) return this.feed({ type: 'dial-answered', dial: id })
    const status = pick(this.choose, phones === 'any' ? STATUSES : STALE)
    this.feed({ type: 'dial-failed', dial: id, status, ...this.reason() })
  }

  /** The 200 may have crossed the CANCEL, and then there is no 487; or nothing comes at all. */
  private cancelDone(id: DialId): void {
    if (!this.isInviteOpen(id)) return
    const choice = this.choose(20)
    if (choice === 0) return this.neverAnswers()
    if (choice < 6) return this.feed({ type: 'dial-answered', dial: id })
    this.feed({ type: 'dial-failed', dial: id, status: 487 })
  }

  private isInviteOpen(id: DialId): boolean {
    const phase = this.referee.legs.all.get(id)?.phase
    return phase === 'trying' || phase === 'progressing'
  }

  private connected(): void {
    if (this.choose(20) === 0) return this.neverAnswers()
    const { caller } = this.referee.legs
    // It is joined once it is answered.
    if (!this.late && caller === 'answering' && this.choose(4) > 0)
      return void this.todo.push(() => this.connected())
    const joinable = caller === 'joining' || (caller === 'open' && this.referee.course.phase === 'connecting')
    if (joinable && this.choose(6) > 0) return this.feed({ type: 'connected' })
    this.feed({ type: 'connect-failed', ending: { cause: 'connect-failed', by: 'server', status: 500 } })
  }

  private byeDone(leg: LegId): void {
    const { legs } = this.referee
    const open = leg === 'caller' ? legs.caller === 'closing' : legs.isOpen(leg)
    if (open) this.feed({ type: 'leg-closed', leg })
  }

  private reason(): { reason?: string } {
    const reason = pick(this.choose, [undefined, 'Q.850;cause=16', 'SIP;cause=200'])
    return reason === undefined ? {} : { reason }
  }
}
