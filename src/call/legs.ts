import { COMPLETED_ELSEWHERE } from './ending.js'
import type { ArrivingId, AttemptId, DeviceLegId, DialId } from './ids.js'
import type { Call, DeviceLeg, State, Step } from './state.js'
import { stay, step } from './step.js'

type Begun = State & Call

export function setLeg<S extends Begun>(state: S, id: DeviceLegId, phase: DeviceLeg['phase']): S {
  return { ...state, legs: state.legs.map((l) => (l.id === id ? { ...l, phase } : l)) }
}

export function withLeg<S extends Begun>(state: S, leg: DeviceLeg): S {
  return { ...state, legs: [...state.legs, leg] }
}

export function withoutLeg<S extends Begun>(state: S, id: DeviceLegId): S {
  return { ...state, legs: state.legs.filter((l) => l.id !== id) }
}

/** CANCEL or BYE, whichever the leg is ripe for. Its end is still awaited. */
export function close<S extends Begun>(state: S, leg: DeviceLeg, reason: string): Step<S> {
  if (isUnderWay(leg)) {
    return step(setLeg(state, leg.id, 'cancelling'), { type: 'cancel-dial', dial: leg.id, reason })
  }
  return leg.phase === 'answered' ? hangUp(state, leg.id, reason) : stay(state)
}

function hangUp<S extends Begun>(state: S, id: DeviceLegId, reason: string): Step<S> {
  return step(setLeg(state, id, 'closing'), { type: 'hang-up', leg: id, reason })
}

/** An INVITE of ours has no final answer yet, and is not being cancelled. */
export function isUnderWay(leg: DeviceLeg): leg is DeviceLeg & { readonly id: DialId } {
  return leg.phase === 'trying' || leg.phase === 'progressing'
}

/** A 200 to our INVITE would be news, though it may cross our CANCEL. */
export function mayAnswer(state: Call, id: DialId): boolean {
  return state.legs.some((l) => l.id === id && (isUnderWay(l) || l.phase === 'cancelling'))
}

/** So it would be, and its user would have the call: it was not asked in a part of the call that is done. */
export function mayWin(state: Call, id: DialId): boolean {
  const attempt = state.legs.find((l) => l.id === id)?.attempt
  return mayAnswer(state, id) && state.attempts.some((a) => a.id === attempt && !a.past)
}

/** A 200 that crossed our CANCEL, for a call that another device has or that is over: nobody wants its leg. */
export function hangUpLate<S extends Begun>(state: S, id: DialId, reason = COMPLETED_ELSEWHERE): Step<S> {
  return mayAnswer(state, id) ? hangUp(state, id, reason) : stay(state)
}

export function isKnown(state: Call, id: DeviceLegId): boolean {
  return state.legs.some((l) => l.id === id)
}

/** A leg came from a device that is not to have the call. */
export function turnAway<S extends Begun>(
  state: S,
  { leg: id, attempt }: { readonly leg: ArrivingId; readonly attempt: AttemptId },
  reason = COMPLETED_ELSEWHERE,
): Step<S> {
  if (isKnown(state, id)) return stay(state)
  return hangUp(withLeg(state, { id, attempt, target: null, phase: 'answered' }), id, reason)
}
