import { randomFrom } from '../regions/random.js'

export const arrivalKinds = ['fixed', 'poisson'] as const
export type ArrivalKind = (typeof arrivalKinds)[number]

/**
 * When each call is begun, milliseconds since the run began. The times are drawn before the run and do not depend on
 * how it goes (open loop): a slow server does not slow its callers down.
 *
 * @param perSecond on the average
 */
export function arrivals(kind: ArrivalKind, calls: number, perSecond: number, seed: number): Float64Array {
  const random = randomFrom(seed)
  const gap = 1000 / perSecond
  const times = new Float64Array(calls)
  let at = 0
  for (let call = 0; call < calls; call++) {
    times[call] = at
    // The time between two events of a Poisson process is distributed exponentially.
    at += kind === 'fixed' ? gap : -Math.log(1 - random()) * gap
  }
  return times
}
