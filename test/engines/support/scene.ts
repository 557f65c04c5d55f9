import type { Caller, IncomingCall, OutgoingCall, Phone } from '../../../src/demo/index.js'
import { bridge } from '../../process/support/calls.js'
import { type Deployment, tokenOf } from './deployment.js'

/** A call that is up, with sound both ways. */
export interface Live {
  readonly call: OutgoingCall
  readonly incoming: IncomingCall
}

/** A call that is held for a phone which sleeps, and was pushed. */
export interface Waiting {
  readonly user: string
  readonly call: OutgoingCall
  readonly phone: Phone
}

/** How many calls are begun, or phones woken, at once. */
const AT_ONCE = 10
/** A machine that is short of CPU is late, and no call is lost by it: each step may take so long. */
const LATE_MS = 60_000

/** Names of so many users. */
export function named(kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${kind}${n}`)
}

/** A call to each of the users that is up on both sides. */
export function liveCalls(deployment: Deployment, caller: Caller, all: readonly string[]): Promise<Live[]> {
  return some(all, async (user) => {
    const phone = await deployment.phone(user)
    const live = await bridge(caller, phone)
    await hearOn(live)
    return live
  })
}

/** A call to each of the users that waits for a phone. */
export function waitingCalls(
  deployment: Deployment,
  caller: Caller,
  all: readonly string[],
): Promise<Waiting[]> {
  return some(all, async (user) => {
    const phone = await deployment.sleepingPhone(user)
    const call = await caller.call(`sip:${user}@example.net`)
    await deployment.push.nextDelivery(tokenOf(user), LATE_MS)
    await call.provisional('with-sdp', LATE_MS)
    return { user, call, phone }
  })
}

/** Each side gets more packets from the other. */
export async function hearOn({ call, incoming }: Live, packets = 10): Promise<void> {
  await Promise.all(
    [call, incoming].map(({ media: { rtp } }) => {
      const wanted = rtp.received.packets + packets
      return rtp.receiver.until(`${packets} packets`, (received) => received.packets >= wanted, LATE_MS)
    }),
  )
}

/** The phones of all of these wake up. */
export function wakeAll(all: readonly Waiting[]): Promise<Live[]> {
  return some(all, wakeUp)
}

/** The phone of a waiting call wakes up, and has it. */
async function wakeUp({ call, phone }: Waiting): Promise<Live> {
  // As a phone does after Retry-After; one that was refused once is not refused for ever.
  while ((await phone.wake()).status !== 200) await new Promise((resolve) => setTimeout(resolve, 100))
  // A refusal is told at once, in the stead of a phone that does not ring.
  const rings = phone.nextCall(LATE_MS)
  const incoming = await Promise.race([rings, call.answered().then(() => rings)])
  await call.answered()
  await incoming.established
  const live = { call, incoming }
  await hearOn(live)
  return live
}

export async function hangUp({ call, incoming }: Live, by: 'caller' | 'phone'): Promise<void> {
  ;(by === 'caller' ? call : incoming).hangUp()
  await Promise.all([call.ended, incoming.ended])
}

/** How often a caller who is refused dials again. */
const REDIAL_MS = 50

/**
 * Calls a sleeping phone until a whole call succeeds: push, REGISTER, answer, sound both ways. Resolves to the
 * milliseconds until then.
 */
export async function untilAWakeCallSucceeds(
  deployment: Deployment,
  caller: Caller,
  phone: Phone,
): Promise<number> {
  const { user } = phone.options
  const beginning = performance.now()
  for (;;) {
    const call = await caller.call(`sip:${user}@example.net`)
    const refused = call.outcome.then(() => false)
    if (await Promise.race([refused, call.provisional('with-sdp', LATE_MS).then(() => true)])) {
      await deployment.push.nextDelivery(tokenOf(user), LATE_MS)
      const live = await wakeUp({ user, call, phone })
      const took = performance.now() - beginning
      await hangUp(live, 'caller')
      return took
    }
    await new Promise((resolve) => setTimeout(resolve, REDIAL_MS))
  }
}

/** For each of them, some at a time. */
async function some<S, T>(all: readonly S[], make: (one: S) => Promise<T>): Promise<T[]> {
  const made: T[] = []
  for (let n = 0; n < all.length; n += AT_ONCE) {
    made.push(...(await Promise.all(all.slice(n, n + AT_ONCE).map(make))))
  }
  return made
}
