import {
  type Arrival,
  callsIn,
  type Destination,
  destinationOf,
  type DialTarget,
  reaches,
} from './destination.js'
import { type Ending, ending, endingOfStatus } from './ending.js'
import type { AttemptId, DeviceLegId, DialId } from './ids.js'
import type { Plan } from './plan.js'
import { close, withLeg, withoutLeg } from './legs.js'
import type { Attempt, Call, DeviceLeg, Over, State, Step } from './state.js'
import { arm, disarm, stay, step, andThen } from './step.js'

/** A device that registers, fails and registers again is dialled so often and no more. */
const DIALS_PER_ATTEMPT = 5

/**
 * Final statuses that speak of a registration gone stale rather than of the user's will: the device may be
 * reached after all once it registers anew. 430: RFC 5626 §5.3.1.
 */
const STALE_CONTACT: ReadonlySet<number> = new Set([404, 408, 410, 430, 481, 500, 502, 503, 504])

/** Why the INVITE on a flow that is gone is cancelled, should it still be heard there. */
const FLOW_REPLACED = 'SIP;cause=430;text="Flow replaced"'

type Ringing = State & Call
/** What of a plan concerns each destination. */
type Asked = Pick<Plan, 'graceMs' | 'goesOn'>

/** Adds a destination to the race and goes after it. */
export function attempt<S extends Ringing>(state: S, destination: Destination, plan: Asked): Step<S> {
  const id: AttemptId = `a${state.serial}`
  const fresh: Attempt = {
    id,
    destination,
    wake: 'none',
    owedEnding: false,
    leg: null,
    dialled: 0,
    over: null,
    goesOn: plan.goesOn,
    past: false,
  }
  const added = { ...state, serial: state.serial + 1, attempts: [...state.attempts, fresh] }
  return begin(added, fresh, plan)
}

function begin<S extends Ringing>(state: S, { id, destination }: Attempt, { graceMs }: Asked): Step<S> {
  switch (destination.kind) {
    case 'outside':
      return dial(state, id, destination)
    case 'contact':
      return dial(state, id, destination)
    case 'device': {
      const { contact, device, asleep } = destination
      if (device.callsIn || contact === null || (asleep && device.wakeable)) return wake(state, id)
      const dialled = dial(state, id, { kind: 'contact', contact })
      if (!device.wakeable) return dialled
      return andThen(dialled, (s) => arm(change(s, id, { wake: 'grace' }), `grace:${id}`, graceMs))
    }
  }
}

/** Pushes to the attempt's device; where there is no token to push to, the phone is out of reach until it registers. */
export function wake<S extends Ringing>(state: S, id: AttemptId): Step<S> {
  const { destination } = find(state, id)
  if (destination.kind !== 'device' || !destination.device.wakeable) {
    return giveUp(state, id, { status: 480, final: false })
  }
  return andThen(disarm(state, `grace:${id}`), (s) =>
    step(change(s, id, { wake: 'asked', owedEnding: true }), {
      type: 'wake',
      attempt: id,
      deviceId: destination.device.deviceId,
    }),
  )
}

export function dial<S extends Ringing>(state: S, attemptId: AttemptId, target: DialTarget): Step<S> {
  const id: DialId = `d${state.serial}`
  const before = find(state, attemptId)
  const changed = change(state, attemptId, { leg: id, dialled: before.dialled + 1, over: null })
  const opened = withLeg(changed, { id, attempt: attemptId, target, phase: 'trying' })
  return step({ ...opened, serial: state.serial + 1 }, { type: 'dial', dial: id, attempt: attemptId, target })
}

/** A phone of the call registered: its INVITE goes to the binding that this made. */
export function registered<S extends Ringing>(state: S, arrival: Arrival, plan: Asked): Step<S> {
  const known = knownAs(state, arrival)
  if (known !== undefined) return renew(state, known, arrival)
  return state.refused.includes(arrival.user) ? stay(state) : attempt(state, destinationOf(arrival), plan)
}

/** The newest attempt to reach the phone that registered, of those that count. */
export function knownAs(state: Call, arrival: Arrival): Attempt | undefined {
  return state.attempts.findLast((a) => !a.past && reaches(a.destination, arrival))
}

/** A destination is to be reached at another binding. */
export function renew<S extends Ringing>(state: S, known: Attempt, arrival: Arrival): Step<S> {
  if (known.over?.final === true || known.dialled >= DIALS_PER_ATTEMPT) return stay(state)
  // That it is registered says nothing of whether it knows of the call.
  if (callsIn(known.destination)) return stay(state)
  const current = state.legs.find((l) => l.id === known.leg)
  const { contact } = arrival
  // The phone may still get the INVITE on the flow it is on: a second one would ring it twice.
  if (current !== undefined && flowOf(current) === contact.flow) return stay(state)
  const renewed = change(state, known.id, { destination: destinationOf(arrival) })
  return andThen(quieten(renewed, known), (s) =>
    andThen(current === undefined ? stay(s) : close(s, current, FLOW_REPLACED), (t) =>
      dial(t, known.id, { kind: 'contact', contact }),
    ),
  )
}

/** The device is awake: no grace is needed, and no retry of a push that has not gone out. */
export function quieten<S extends Ringing>(
  state: S,
  { id, wake: woken }: Pick<Attempt, 'id' | 'wake'>,
): Step<S> {
  return andThen(disarm(state, `grace:${id}`), (s) => {
    if (woken === 'grace') return stay(change(s, id, { wake: 'none' }))
    return stopWake(s, { id, wake: woken })
  })
}

/** No retry of a push that has not gone out. */
export function stopWake<S extends Ringing>(
  state: S,
  { id, wake: woken }: Pick<Attempt, 'id' | 'wake'>,
): Step<S> {
  return woken === 'asked' ? step(state, { type: 'stop-wake', attempt: id }) : stay(state)
}

function flowOf({ target }: DeviceLeg): string | undefined {
  return target?.kind === 'contact' ? target.contact.flow : undefined
}

/** A leg is gone, our INVITE most often, with a final status. What that means for its attempt is said here, whether the call still waits or not. */
export function legFailed<S extends Ringing>(state: S, id: DeviceLegId, status: number): Step<S> {
  const failed = state.legs.find((l) => l.id === id)
  if (failed === undefined) return stay(state)
  const left = withoutLeg(state, id)
  const owner = left.attempts.find((a) => a.leg === id)
  if (owner === undefined) return stay(left)
  const freed = change(left, owner.id, { leg: null })
  if (!STALE_CONTACT.has(status)) {
    return andThen(spoke(freed, owner), (s) => giveUp(s, owner.id, { status, final: true }))
  }
  const { destination, dialled } = owner
  if (destination.kind === 'outside' || dialled >= DIALS_PER_ATTEMPT) {
    return giveUp(freed, owner.id, { status, final: true })
  }
  switch (owner.wake) {
    case 'none':
    case 'grace':
      return wake(freed, owner.id)
    case 'asked':
    case 'delivered':
      return stay(freed)
    case 'given-up':
      return giveUp(freed, owner.id, { status: 480, final: false })
  }
}

/** A device has said what it has to say: it needs no push, and no word of the ending. */
export function spoke<S extends Ringing>(state: S, speaker: Pick<Attempt, 'id' | 'wake'>): Step<S> {
  return stopWake(change(state, speaker.id, { owedEnding: false }), speaker)
}

export function pushRefused<S extends Ringing>(state: S, id: AttemptId): Step<S> {
  const refused = state.attempts.find((a) => a.id === id)
  if (refused === undefined || (refused.wake !== 'asked' && refused.wake !== 'delivered')) return stay(state)
  const changed = change(state, id, { wake: 'given-up', owedEnding: false })
  return refused.leg === null && refused.over === null
    ? giveUp(changed, id, { status: 480, final: false })
    : stay(changed)
}

export function pushDelivered<S extends Ringing>(state: S, id: AttemptId): Step<S> {
  const woken = state.attempts.find((a) => a.id === id)
  return woken?.wake === 'asked' ? stay(change(state, id, { wake: 'delivered' })) : stay(state)
}

function giveUp<S extends Ringing>(state: S, id: AttemptId, over: Over): Step<S> {
  return disarm(change(state, id, { over }), `grace:${id}`)
}

/** Takes a destination out of the race because of something that it has not said: its phone is told why. */
export function dismiss<S extends Ringing>(state: S, id: AttemptId, status: number, reason: string): Step<S> {
  const loser = find(state, id)
  const current = state.legs.find((l) => l.id === loser.leg)
  const toldBySip = current?.phase === 'progressing'
  const over = loser.over ?? { status, final: true }
  const out = disarm(change(state, id, { over, leg: null, owedEnding: false }), `grace:${id}`)
  const closed = andThen(out, (s) => (current === undefined ? stay(s) : close(s, current, reason)))
  if (!loser.owedEnding || loser.destination.kind !== 'device') return closed
  const { deviceId } = loser.destination.device
  return andThen(closed, (s) =>
    andThen(stopWake(s, loser), (t) =>
      toldBySip ? stay(t) : step(t, { type: 'tell-ending', attempt: id, deviceId, reason }),
    ),
  )
}

/** Everybody is out of the race: what that comes to, the most telling answer first (RFC 3261 §16.7 step 6). */
export function outcome(attempts: readonly Attempt[]): Ending {
  const finals = attempts.flatMap((a) => (a.over?.final === true && !a.past ? [a.over.status] : []))
  const best = finals.find((s) => s >= 600) ?? finals.find((s) => s === 486) ?? finals[0]
  if (best === undefined) return ending('unreachable', 'server')
  return endingOfStatus(best, 'callee')
}

export function everybodyIsOut(state: Call): boolean {
  return state.attempts.every((a) => a.over !== null)
}

/**
 * A device in the race, or one that merely could not be reached so far: its user may speak for it by API. An attempt of
 * an earlier step does not count where a later one asks for the same device.
 */
export function maySpeak(state: Call, id: AttemptId): boolean {
  const speaker = state.attempts.find((a) => a.id === id)
  if (speaker?.destination.kind !== 'device' || speaker.over?.final === true) return false
  return attemptOf(state, speaker.destination.device.deviceId)?.id === id
}

/** The newest attempt to reach a device. */
export function attemptOf(state: Call, deviceId: string): Attempt | undefined {
  return state.attempts.findLast(
    ({ destination }) => destination.kind === 'device' && destination.device.deviceId === deviceId,
  )
}

/** Whoever is called from now on is asked anew, and a 200 that is still under way from these is not welcome. */
export function pass<S extends Ringing>(state: S): S {
  const over = { status: 480, final: true }
  return { ...state, attempts: state.attempts.map((a) => ({ ...a, over, past: true })) }
}

export function change<S extends Ringing>(state: S, id: AttemptId, what: Partial<Attempt>): S {
  return { ...state, attempts: state.attempts.map((a) => (a.id === id ? { ...a, ...what } : a)) }
}

export function find(state: Call, id: AttemptId): Attempt {
  const found = state.attempts.find((a) => a.id === id)
  if (found === undefined) throw new Error(`no attempt ${id} in this call`)
  return found
}
