import type { DialId } from './ids.js'
import { isUnderWay, setLeg } from './legs.js'
import type { Accepted, Routing, Step, Waiting } from './state.js'
import { disarm, stay, step, andThen } from './step.js'

/** A sign of life ends the grace: the phone is awake. 180 and 183 mean that it rings. */
export function progressed<S extends Waiting | Accepted>(state: S, id: DialId, status: number): Step<S> {
  const dialled = state.legs.find((l) => l.id === id)
  if (dialled === undefined || !isUnderWay(dialled)) return stay(state)
  const awake = disarm(setLeg(state, id, 'progressing'), `grace:${dialled.attempt}`)
  const rings = status === 180 || status === 183
  if (!rings || state.alerted) return awake
  return andThen(awake, (s) => alert({ ...s, alerted: true }))
}

/** A queued caller hears that a device truly rings, unless it has been answered or is not there yet. */
export function alert<S extends Routing | Waiting | Accepted>(state: S): Step<S> {
  return state.hold === 'queued' && state.caller === 'pending'
    ? step(state, { type: 'alert-caller' })
    : stay(state)
}
