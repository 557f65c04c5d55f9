import type { OpenPrimaryCall } from '../ports/primary-calls.js'
import type { ForwardedInvite } from './forwarded-invite.js'
import { loopOf } from './loop.js'
import { numberComparison, type SameNumber } from './phone-numbers.js'
import type { Subscriber, SubscriberTable } from './subscribers.js'

/** What an INVITE is to the subscribers. */
export type Match =
  /** It was called at no DID: none of theirs. */
  | { readonly kind: 'elsewhere' }
  /** The forwarded leg of a primary call. */
  | {
      readonly kind: 'primary'
      readonly callId: string
      readonly subscriber: string
      /** The call finds out whether the forwarding works, and nobody is to be rung for it. */
      readonly test: boolean
      readonly by: { readonly subscriber: SubscriberBy; readonly caller: CallerBy }
    }
  /** An ordinary call to the subscriber; null where the DID is shared and nothing says whose it is. */
  | { readonly kind: 'ordinary'; readonly subscriber: string | null }
  /** A secondary destination forwards to our DID itself: ringing it would never end (482). */
  | { readonly kind: 'loop'; readonly detail: string }

/** How it is known whose call was forwarded. */
export type SubscriberBy = 'diverting-number' | 'did' | 'caller'
/** How it is known which of the subscriber's calls it is. */
export type CallerBy = 'number' | 'withheld' | 'only-one'

interface Found {
  readonly call: OpenPrimaryCall
  readonly by: CallerBy
}

/**
 * Which open primary call an INVITE at a DID belongs to. Pure. The rules, and why, are in
 * docs/conditional-forwarding.md.
 */
export function match(
  invite: ForwardedInvite,
  open: readonly OpenPrimaryCall[],
  subscribers: SubscriberTable,
): Match {
  const atDid = subscribers.atDid(invite.called)
  if (atDid.length === 0) return { kind: 'elsewhere' }
  const same = numberComparison()
  const loop = loopOf(invite, atDid, same)
  if (loop !== undefined) return { kind: 'loop', detail: loop }
  const awaited = open.filter(({ forwarded }) => !forwarded)
  const diverting = divertingSubscriber(invite, atDid, same)
  const [only, ...others] = atDid
  const subscriber = diverting ?? (others.length === 0 ? only : undefined)
  if (subscriber === undefined) return byCaller(invite, awaited, atDid, same)
  const found = callOf(invite, awaited, subscriber, same)
  if (found === undefined) return { kind: 'ordinary', subscriber: subscriber.number }
  return primary(found, diverting === undefined ? 'did' : 'diverting-number')
}

/** Of several who diverted the call one after another, the last one at this DID brought it here. */
function divertingSubscriber(
  { diverting }: ForwardedInvite,
  atDid: readonly Subscriber[],
  same: SameNumber,
): Subscriber | undefined {
  for (const number of diverting) {
    const found = atDid.find((one) => same(one.number, number, one.country))
    if (found !== undefined) return found
  }
  return undefined
}

/** The DID is shared, and nothing says who diverted: the caller's number may be that of one open call alone. */
function byCaller(
  invite: ForwardedInvite,
  open: readonly OpenPrimaryCall[],
  atDid: readonly Subscriber[],
  same: SameNumber,
): Match {
  const expecting = new Set(open.map(({ subscriber }) => subscriber))
  const found = atDid
    .filter(({ number }) => expecting.has(number))
    .flatMap((subscriber) => callOf(invite, open, subscriber, same) ?? [])
    .filter(({ by }) => by === 'number')
  const [first, ...others] = found
  if (first === undefined || others.length > 0) return { kind: 'ordinary', subscriber: null }
  return primary(first, 'caller')
}

function primary({ call, by }: Found, subscriber: SubscriberBy): Match {
  const { id, subscriber: number, test } = call
  return { kind: 'primary', callId: id, subscriber: number, test, by: { subscriber, caller: by } }
}

function callOf(
  invite: ForwardedInvite,
  open: readonly OpenPrimaryCall[],
  subscriber: Subscriber,
  same: SameNumber,
): Found | undefined {
  const own = open.filter((call) => call.subscriber === subscriber.number)
  const test = testOf(invite, own, subscriber, same)
  if (test !== undefined) return { call: test, by: 'number' }
  const calls = own.filter(({ test: isTest }) => !isTest)
  return callFrom(callerOf(invite, subscriber, same), calls, subscriber, same)
}

/** A test call comes from the DID, or from the cell phone where the carrier puts that in the caller's place. */
function testOf(
  { caller }: ForwardedInvite,
  own: readonly OpenPrimaryCall[],
  { number, country }: Subscriber,
  same: SameNumber,
): OpenPrimaryCall | undefined {
  if (caller === null) return undefined
  return own.find(
    (call) =>
      call.test &&
      (same(caller, number, country) || (call.caller !== null && same(caller, call.caller, country))),
  )
}

/** Some carriers put the diverting number in the caller's place: then the caller is not known. */
function callerOf(
  { caller }: ForwardedInvite,
  { number, did, country }: Subscriber,
  same: SameNumber,
): string | null {
  if (caller === null) return null
  return same(caller, number, country) || same(caller, did, country) ? null : caller
}

/**
 * The call with this caller's number; of a caller who is not known, one that showed none either. Failing that, where
 * one side alone knows the number, the only call that is left. Two numbers that differ are never one caller.
 */
function callFrom(
  caller: string | null,
  own: readonly OpenPrimaryCall[],
  { country }: Subscriber,
  same: SameNumber,
): Found | undefined {
  const alike = own.filter((call) =>
    caller === null || call.caller === null ? caller === call.caller : same(call.caller, caller, country),
  )
  const call = nextOf(alike)
  if (call !== undefined) return { call, by: caller === null ? 'withheld' : 'number' }
  const halfKnown = own.filter((each) => (each.caller === null) !== (caller === null))
  const instructed = halfKnown.filter(({ instructedAt }) => instructedAt !== null)
  const [only, ...others] = instructed.length > 0 ? instructed : halfKnown
  return only === undefined || others.length > 0 ? undefined : { call: only, by: 'only-one' }
}

/** Of calls that cannot be told apart: the one whose phone was told to reject first, else the one reported first. */
function nextOf(calls: readonly OpenPrimaryCall[]): OpenPrimaryCall | undefined {
  const [first] = [...calls].sort((a, b) => {
    const [one, other] = [a.instructedAt ?? Infinity, b.instructedAt ?? Infinity]
    return one === other ? a.reportedAt - b.reportedAt : one - other
  })
  return first
}
