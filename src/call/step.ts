import type { Effect } from './effect.js'
import type { TimerId } from './ids.js'
import type { State, Step, TimerName } from './state.js'
import type { Call } from './state.js'

/** Nothing changes. */
export function stay<S extends State>(state: S): Step<S> {
  return { state, effects: [] }
}

export function step<S extends State>(state: S, ...effects: Effect[]): Step<S> {
  return { state, effects }
}

/** Goes on from where a step arrived, and keeps the effects of both in order. */
export function andThen<A extends State, B extends State>(
  first: Step<A>,
  next: (state: A) => Step<B>,
): Step<B> {
  const second = next(first.state)
  if (first.effects.length === 0) return second
  return { state: second.state, effects: [...first.effects, ...second.effects] }
}

/** Runs `next` for each item, one after another. */
export function forEach<S extends State, T>(
  state: S,
  items: readonly T[],
  next: (state: S, item: T) => Step<S>,
): Step<S> {
  let sofar = stay(state)
  for (const item of items) sofar = andThen(sofar, (s) => next(s, item))
  return sofar
}

/** Starts a timer under a fresh id; one of the same name that still runs is stopped. */
export function arm<S extends State & Call>(state: S, name: TimerName, ms: number): Step<S> {
  return andThen(disarm(state, name), (s) => {
    const id: TimerId = `${name}#${s.serial}`
    const armed = { ...s, timers: [...s.timers, id], serial: s.serial + 1 }
    return step(armed, { type: 'start-timer', id, ms })
  })
}

export function disarm<S extends State & Call>(state: S, name: TimerName): Step<S> {
  const id = state.timers.find((one) => nameOf(one) === name)
  if (id === undefined) return stay(state)
  return step(forget(state, id), { type: 'stop-timer', id })
}

export function disarmAll<S extends State & Call>(state: S): Step<S> {
  return disarmAllBut(state, undefined)
}

export function disarmAllBut<S extends State & Call>(state: S, kept: TimerName | undefined): Step<S> {
  const [left, stopped] = [[] as TimerId[], [] as TimerId[]]
  for (const id of state.timers) (nameOf(id) === kept ? left : stopped).push(id)
  if (stopped.length === 0) return stay(state)
  return step({ ...state, timers: left }, ...stopped.map((id) => ({ type: 'stop-timer', id }) as const))
}

/** Which timer an id stands for; undefined where it is stale. The timer has fired: it no longer runs. */
export function fired<S extends State & Call>(
  state: S,
  id: TimerId,
): { name: TimerName; state: S } | undefined {
  return state.timers.includes(id) ? { name: nameOf(id), state: forget(state, id) } : undefined
}

function forget<S extends State & Call>(state: S, id: TimerId): S {
  return { ...state, timers: state.timers.filter((one) => one !== id) }
}

function nameOf(id: TimerId): TimerName {
  return id.slice(0, id.indexOf('#')) as TimerName
}
