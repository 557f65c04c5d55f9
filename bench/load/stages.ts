/** The moments of a wake call, in their order. */
export const moments = [
  'invite',
  'provisional',
  'pushed',
  'pushAnswered',
  'registerSent',
  'registered',
  'deviceInvited',
  'deviceAnswered',
  'answered',
  'acked',
  'bye',
  'ended',
] as const
export type Moment = (typeof moments)[number]

/** Each moment of each call, ms on one clock; NaN where it was not reached. What a worker sends to its parent. */
export type Moments = Readonly<Record<Moment, Float64Array>>

export function emptyMoments(calls: number): Moments {
  const all = moments.map((moment) => [moment, new Float64Array(calls).fill(NaN)] as const)
  return Object.fromEntries(all) as Record<Moment, Float64Array>
}

/** The calls of several workers as those of one. */
export function joinMoments(parts: readonly Moments[]): Moments {
  const joined = moments.map((moment) => {
    const arrays = parts.map((part) => part[moment])
    const whole = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const array of arrays) {
      whole.set(array, at)
      at += array.length
    }
    return [moment, whole] as const
  })
  return Object.fromEntries(joined) as Record<Moment, Float64Array>
}

export const latencies = {
  provisional: 'INVITE to provisional',
  push: 'INVITE to push',
  register: 'REGISTER to its 200',
  invite: 'REGISTER to INVITE at the device',
  direct: 'INVITE to INVITE at the device',
  answer: "device's 200 to caller's 200",
  added: 'server-added total',
  bye: 'BYE to its 200',
} as const
export type Latency = keyof typeof latencies

/**
 * What a server took for one call, ms; NaN where the call did not come so far.
 *
 * The server-added total is all the time from the caller's INVITE to its 200 but what the push service and the phone
 * took: from the push's arrival to the REGISTER, where there was one, and from the INVITE at the device to its 200.
 */
export function latencyOf(of: Latency, all: Moments, call: number): number {
  const at = (moment: Moment): number => all[moment][call] ?? NaN
  switch (of) {
    case 'provisional':
      return at('provisional') - at('invite')
    case 'push':
      return at('pushed') - at('invite')
    case 'register':
      return at('registered') - at('registerSent')
    case 'invite':
      return at('deviceInvited') - at('registerSent')
    case 'direct':
      return at('deviceInvited') - at('invite')
    case 'answer':
      return at('answered') - at('deviceAnswered')
    case 'added': {
      const woken = at('registerSent') - at('pushed')
      const others = (Number.isNaN(woken) ? 0 : woken) + at('deviceAnswered') - at('deviceInvited')
      return at('answered') - at('invite') - others
    }
    case 'bye':
      return at('ended') - at('bye')
    default:
      return of satisfies never
  }
}

/** Ascending, without the calls that did not come so far. */
export function latenciesOf(of: Latency, all: Moments): Float64Array {
  return all.invite
    .map((_, call) => latencyOf(of, all, call))
    .filter((ms) => !Number.isNaN(ms))
    .sort()
}

export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** By nearest rank: each is a sample. NaN where there is none. `sorted` ascends. */
export function percentilesOf(sorted: Float64Array): Percentiles {
  const of = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
  return { p50: of(0.5), p90: of(0.9), p99: of(0.99), max: of(1) }
}
