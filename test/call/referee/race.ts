import { type Arrival, type Destination, destinationOf } from '../../../src/call/destination.js'
import type { Effect } from '../../../src/call/effect.js'
import type { AttemptId, DeviceLegId } from '../../../src/call/ids.js'
import type { Over } from '../../../src/call/state.js'
import type { Plan, RouteTarget } from '../../../src/call/plan.js'
import { check } from './check.js'
import type { Legs } from './legs.js'

const MOST_DIALS = 5

/** These say that a registration is stale, not that the user does not want the call. */
const STALE = [404, 408, 410, 430, 481, 500, 502, 503, 504]

/** One destination, as told by what has happened to it. */
interface Runner {
  key: string
  destination: Destination
  /** The machine's name for it, once it has asked something for it. */
  id: AttemptId | null
  dialled: number
  current: DeviceLegId | null
  push: 'none' | 'asked' | 'delivered' | 'refused'
  grace: boolean
  /** Pushed, and not told since how the call ended. */
  owed: boolean
  over: Over | null
  readonly goesOn: RouteTarget | null
  /** Whoever asked for it has heard what came of it. */
  past: boolean
}

/** Who of the destinations can still answer, and what each of them is due: a push, an INVITE, word of the ending. */
export class Race {
  private readonly runners: Runner[] = []
  /** What the machine has to ask in this step, in words; nothing else of that kind may be asked. */
  private due: string[] = []
  private stops: Runner[] = []
  /** Users who said no, and whom no step has asked since. */
  private refused: string[] = []

  private plan: Plan | null = null

  constructor(private readonly legs: Legs) {}

  /** The destinations of a step; what registered while they were looked up is newer than they are. */
  begin(plan: Plan, arrived: readonly Arrival[]): void {
    this.plan = plan
    const { destinations, users } = plan
    const wanted = [...destinations]
    this.refused = this.refused.filter((user) => !users.includes(user))
    for (const arrival of arrived) {
      const fresh = destinationOf(arrival)
      const at = wanted.findIndex((d) => isPhone(d, arrival))
      // Whoever is out for good in an earlier step stays out, unless this step asks for it by name.
      const found = wanted[at]
      if (found !== undefined) wanted[at] = callsIn(found) ? found : fresh
      else if (!this.isRefused(arrival)) wanted.push(fresh)
    }
    for (const destination of wanted) this.enter(destination)
  }

  private enter(destination: Destination): void {
    const key = keyOf(destination)
    const runner: Runner = {
      ...{ key, destination, id: null, dialled: 0, current: null },
      ...{ push: 'none', grace: false, owed: false, over: null },
      ...{ goesOn: this.plan?.goesOn ?? null, past: false },
    }
    this.runners.push(runner)
    if (destination.kind !== 'device') return this.expectDial(runner)
    const { contact, asleep, device } = destination
    if (device.callsIn || contact === null || (asleep && device.wakeable)) return this.expectPush(runner)
    runner.grace = device.wakeable
    this.expectDial(runner)
  }

  registered(arrival: Arrival, runner = this.phone(arrival)): void {
    if (runner === undefined) return this.isRefused(arrival) ? undefined : this.enter(destinationOf(arrival))
    if (runner.over?.final === true || runner.dialled >= MOST_DIALS) return
    if (callsIn(runner.destination)) return
    if (this.flowOf(runner) === arrival.contact.flow) return
    runner.destination = destinationOf(arrival)
    runner.key = keyOf(runner.destination)
    runner.grace = false
    if (runner.push === 'asked') this.stops.push(runner)
    this.expectDial(runner)
  }

  /** It is out for good, or its user has said no on another phone. */
  private isRefused(arrival: Arrival): boolean {
    return this.refused.includes(arrival.user) || this.phone(arrival)?.over?.final === true
  }

  /** Only the device that accepted is waited for. */
  awaitedRegisters(id: AttemptId | null, arrival: Arrival): void {
    const runner = this.byId(id ?? undefined)
    if (runner !== undefined && isPhone(runner.destination, arrival)) this.registered(arrival, runner)
  }

  /** A device that is not out for good. */
  maySpeak(id: AttemptId): boolean {
    const runner = this.byId(id)
    if (runner?.destination.kind !== 'device' || runner.over?.final === true) return false
    // Where the same device is asked again, its earlier attempt is history.
    return this.runners.findLast((r) => r.key === runner.key) === runner
  }

  /** Its user accepted: it knows of the call, and is told of its end; all the others hear that they are late. */
  accept(id: AttemptId): void {
    const accepter = this.byId(id)
    for (const loser of this.runners.filter((r) => r !== accepter)) this.lose(loser, 480)
    if (accepter === undefined) return
    if (accepter.push === 'asked') this.stops.push(accepter)
    Object.assign(accepter, { push: 'delivered', grace: false, owed: true, over: null })
  }

  /** It has said what it has to say. */
  spoke(id: AttemptId): void {
    const speaker = this.byId(id)
    if (speaker === undefined) return
    if (speaker.push === 'asked') this.stops.push(speaker)
    speaker.owed = false
  }

  /** Notes the user who said no; null for a number outside. */
  refuses(id: AttemptId): string | null {
    const destination = this.byId(id)?.destination
    if (destination === undefined || destination.kind === 'outside') return null
    this.refused.push(destination.user)
    return destination.user
  }

  /** No phone of this user is asked any more. Returns which were until now. */
  silence(user: string | null, status: number): AttemptId[] {
    const theirs = this.runners.filter(
      ({ destination, over }) =>
        destination.kind !== 'outside' && destination.user === user && over?.final !== true,
    )
    for (const runner of theirs) {
      this.lose(runner, status)
      runner.over = { status, final: true }
    }
    return theirs.flatMap((r) => (r.id === null ? [] : [r.id]))
  }

  /** How it is out for good. */
  overFor(id: AttemptId | null): Over | null {
    const over = this.byId(id ?? undefined)?.over ?? null
    return over?.final === true ? over : null
  }

  /** Returns whose INVITE failed, where it was the one that counted. */
  dialFailed(id: DeviceLegId, status: number): AttemptId | null {
    const runner = this.runners.find((r) => r.current === id)
    if (runner === undefined) return null
    runner.current = null
    if (!STALE.includes(status)) {
      runner.owed = false
      if (runner.push === 'asked') this.stops.push(runner)
      this.out(runner, { status, final: true })
    } else if (runner.destination.kind === 'outside' || runner.dialled >= MOST_DIALS) {
      this.out(runner, { status, final: true })
    } else if (runner.destination.kind === 'contact') {
      this.out(runner, { status, final: false })
    } else if (runner.push === 'none') {
      this.expectPush(runner)
    } else if (runner.push === 'refused') {
      this.out(runner, { status: 480, final: false })
    }
    return runner.id
  }

  progressed(id: DeviceLegId): void {
    const runner = this.byId(this.legs.all.get(id)?.attempt)
    if (runner?.current === id) runner.grace = false
  }

  graceOver(id: AttemptId): void {
    const runner = this.byId(id)
    check(runner?.grace === true, 'a grace runs only for a phone that has not stirred', id)
    this.expectPush(runner)
  }

  pushDelivered(id: AttemptId): void {
    const runner = this.byId(id)
    if (runner?.push === 'asked') runner.push = 'delivered'
  }

  pushRefused(id: AttemptId): void {
    const runner = this.byId(id)
    if (runner?.push !== 'asked' && runner?.push !== 'delivered') return
    runner.push = 'refused'
    runner.owed = false
    if (runner.current === null && runner.over === null) this.out(runner, { status: 480, final: false })
  }

  /** A leg has the call: its phone, and no other. */
  win(leg: DeviceLegId): void {
    const won = this.byId(this.legs.all.get(leg)?.attempt)
    if (won?.push === 'asked') this.stops.push(won)
    if (won !== undefined) Object.assign(won, { current: leg, over: null, owed: false })
    this.dismiss(leg, 480)
  }

  /** The race is decided, or this step of it left: all but the winner hear of it, by SIP or else by push. */
  dismiss(winner: DeviceLegId | null, status: number): void {
    const won = winner === null ? undefined : this.byId(this.legs.all.get(winner)?.attempt)
    for (const loser of this.runners.filter((r) => r !== won)) this.lose(loser, status)
  }

  private lose(loser: Runner, status: number): void {
    const rings = loser.current !== null && this.legs.all.get(loser.current)?.phase === 'progressing'
    if (loser.owed && !rings) this.due.push(`tell ${loser.key}`)
    if (loser.owed && loser.push === 'asked') this.stops.push(loser)
    Object.assign(loser, { owed: false, current: null })
    this.out(loser, loser.over ?? { status, final: true })
  }

  /** What came of these is told: nobody counts any more. */
  pass(): void {
    for (const runner of this.runners)
      Object.assign(runner, { past: true, over: { status: 480, final: true } })
  }

  isPast(leg: DeviceLegId): boolean {
    return this.byId(this.legs.all.get(leg)?.attempt)?.past === true
  }

  /** Where the caller goes after the bridge with a leg. */
  goesOn(leg: DeviceLegId): RouteTarget | null {
    return this.byId(this.legs.all.get(leg)?.attempt)?.goesOn ?? null
  }

  everybodyIsOut(): boolean {
    return this.runners.every((r) => r.over !== null)
  }

  /** Everybody who can still answer was notified as far as we can, and one of them for certain. */
  everybodyKnows(): boolean {
    const racing = this.runners.filter((r) => r.over === null)
    const certain = racing.filter((r) => r.push === 'delivered' || this.isRinging(r))
    return certain.length > 0 && racing.every((r) => certain.includes(r) || r.push === 'refused')
  }

  private isRinging({ current }: Runner): boolean {
    return current !== null && this.legs.all.get(current)?.phase === 'progressing'
  }

  /** The final statuses that the destinations came to, in the order in which they were called. */
  finals(): number[] {
    return this.runners.flatMap((r) => (r.over?.final === true && !r.past ? [r.over.status] : []))
  }

  graces(): string[] {
    return this.runners.flatMap((r) => (r.grace ? [`grace:${r.id}`] : []))
  }

  /** The attempts to which this word of the push service says nothing. */
  deafTo(type: 'push-delivered' | 'push-refused'): AttemptId[] {
    const deaf = this.runners.filter((r) =>
      type === 'push-delivered' ? r.push !== 'asked' : r.push === 'none' || r.push === 'refused',
    )
    return deaf.flatMap((r) => (r.id === null ? [] : [r.id]))
  }

  everybody(): AttemptId[] {
    return this.runners.flatMap((r) => (r.id === null ? [] : [r.id]))
  }

  /** Those whose word by API does not count. */
  mute(): AttemptId[] {
    return this.everybody().filter((id) => !this.maySpeak(id))
  }

  /** Compares what was asked with what was due. */
  judge(effects: readonly Effect[]): void {
    const asked = effects.flatMap((e) => this.words(e))
    check(
      sorted(asked) === sorted(this.due),
      'each device gets what it is due',
      `${sorted(asked)}, not ${sorted(this.due)}`,
    )
    const stopped = effects.flatMap((e) => (e.type === 'stop-wake' ? [this.byId(e.attempt)] : []))
    check(
      stopped.every((r) => r !== undefined && (r.push === 'asked' || this.stops.includes(r))),
      'only a push without a result is stopped',
    )
    check(
      this.stops.every((r) => stopped.includes(r)),
      'a push that nobody needs any more is stopped',
    )
    this.due = []
    this.stops = []
  }

  private words(effect: Effect): string[] {
    switch (effect.type) {
      case 'wake': {
        const runner = this.owner(effect.attempt, `device ${effect.deviceId}`)
        const { destination } = runner
        check(
          destination.kind === 'device' && destination.device.wakeable,
          'only a device with a token is pushed',
        )
        return [`push ${runner.key}`]
      }
      case 'dial': {
        const { target, dial, attempt } = effect
        const runner = this.owner(attempt, this.keyOfTarget(effect))
        Object.assign(runner, { current: dial, dialled: runner.dialled + 1, over: null })
        check(!callsIn(runner.destination), 'a device that calls in is never dialled', runner.key)
        check(runner.dialled <= MOST_DIALS, 'a device is dialled five times at most', runner.key)
        return [`dial ${target.kind === 'contact' ? target.contact.uri : target.uri}`]
      }
      case 'tell-ending':
        return [`tell ${this.byId(effect.attempt)?.key}`]
      default:
        return []
    }
  }

  /** The first thing asked for a destination tells its id. */
  private owner(id: AttemptId, key: string): Runner {
    const runner = this.byId(id) ?? this.newest(key)
    check(runner !== undefined && runner.key === key, 'only a destination of the call is called', key)
    check(runner.id === null || runner.id === id, 'a destination keeps its attempt', key)
    runner.id = id
    return runner
  }

  private keyOfTarget({ target }: Extract<Effect, { type: 'dial' }>): string {
    if (target.kind === 'outside') return keyOf(target)
    const { uri } = target.contact
    return (
      this.runners.findLast((r) => r.destination.kind !== 'outside' && r.destination.contact?.uri === uri)
        ?.key ?? uri
    )
  }

  private expectDial(runner: Runner): void {
    const { destination } = runner
    runner.over = null
    this.due.push(`dial ${destination.kind === 'outside' ? destination.uri : destination.contact?.uri}`)
  }

  private expectPush(runner: Runner): void {
    const { destination, key } = runner
    runner.grace = false
    if (destination.kind !== 'device' || !destination.device.wakeable) {
      return this.out(runner, { status: 480, final: false })
    }
    Object.assign(runner, { push: 'asked', owed: true })
    this.due.push(`push ${key}`)
  }

  private out(runner: Runner, over: Over): void {
    Object.assign(runner, { over, grace: false })
  }

  private flowOf(runner: Runner): string | undefined {
    const target = runner.current === null ? undefined : this.legs.all.get(runner.current)?.target
    return target?.kind === 'contact' ? target.contact.flow : undefined
  }

  /** The destination that is the phone that registered. */
  private phone(arrival: Arrival): Runner | undefined {
    return this.runners.findLast((r) => !r.past && isPhone(r.destination, arrival))
  }

  private newest(key: string): Runner | undefined {
    return this.runners.findLast((r) => r.key === key)
  }

  private byId(id: AttemptId | undefined): Runner | undefined {
    return id === undefined ? undefined : this.runners.find((r) => r.id === id)
  }
}

function callsIn(destination: Destination): boolean {
  return destination.kind === 'device' && destination.device.callsIn
}

/** One device, or one binding that belonged to no device. */
function isPhone(destination: Destination, { device, contact }: Arrival): boolean {
  if (destination.kind === 'device') return destination.device.deviceId === device?.deviceId
  return destination.kind === 'contact' && destination.contact.bindingId === contact.bindingId
}

function keyOf(destination: Destination): string {
  switch (destination.kind) {
    case 'device':
      return `device ${destination.device.deviceId}`
    case 'contact':
      return `phone ${destination.contact.bindingId}`
    case 'outside':
      return `outside ${destination.uri}`
  }
}

function sorted(words: readonly string[]): string {
  return `[${[...words].sort().join(', ')}]`
}
