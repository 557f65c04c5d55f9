import type { ArrivalKind } from './arrivals.js'
import type { Moments } from './stages.js'

/** How the woken REGISTER proves itself: with the push's token (RFC 8898), or the phone's password (RFC 7616). */
export const proofs = ['token', 'digest'] as const
export type Proof = (typeof proofs)[number]

/** What one process of the generator plays; times in milliseconds. */
export interface Plan {
  /** Which process this is, from 0 on. */
  readonly worker: number
  readonly server: { readonly host: string; readonly port: number }
  readonly domain: string
  /** Of its own push service; the servers under test are configured with it. */
  readonly pushPort: number
  readonly phones: number
  readonly proof: Proof
  /** From a push's arrival to its answer. */
  readonly pushMs: number
  /** From the answer to the REGISTER. */
  readonly wakeMs: number
  readonly ringMs: number
  readonly talkMs: number
  /** One way, of the device's SIP. */
  readonly delayMs: number
  /** Whether RTP flows while they talk, a packet in 20 ms each way. */
  readonly rtp: boolean
  /** The phones stay registered: calls go to them at once, with no push. */
  readonly awake?: boolean
}

export interface Run {
  /** In the Call-IDs, so that calls of two runs are not taken for one. */
  readonly name: string
  readonly calls: number
  /** Begun a second, by this process. */
  readonly perSecond: number
  readonly arrivals: ArrivalKind
  readonly seed: number
  /** After which a call that is not over has failed. */
  readonly deadlineMs: number
  /** Which phones are called: of all of the process by default; `from` on, so many. */
  readonly phones?: { readonly from: number; readonly count: number }
  /** The phones are pushed and sleep on: the run is over when all calls wait, and they wait until they are cancelled. */
  readonly holds?: boolean
}

export interface RunResult {
  readonly moments: Moments
  readonly completed: number
  /** Why calls failed, and how many of each. */
  readonly failures: Readonly<Record<string, number>>
  /** How much later than planned a call was begun, at most, ms: of a generator that was itself too slow. */
  readonly lateMs: number
  /** CPU of the process in the run, seconds. */
  readonly cpuSeconds: number
  readonly resent: number
  readonly rtp: { readonly sent: number; readonly atCallers: number; readonly atPhones: number }
}

/** The users of a process, by number; a server under test knows all of them. */
export function phoneNumber(worker: number, phone: number): number {
  return (worker + 1) * 1_000_000 + phone
}

export function passwordOf(phone: number): string {
  return `secret-${phone}`
}

export function providerOf(worker: number): string {
  return `bench${worker}`
}
