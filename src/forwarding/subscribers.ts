import type { CountryCode } from 'libphonenumber-js'
import type { Config, Subscriber as SubscriberConfig } from '../config/index.js'
import type { HoldStyle } from '../call/plan.js'
import type { InstructWhen } from '../ports/primary-calls.js'
import { numberOf } from '../sip-text/number.js'
import { parseUri } from '../sip-text/uri.js'
import { type CarrierProfile, carrierProfile } from './carrier-profiles.js'
import { countryOf, numberForms } from './phone-numbers.js'

/** Somebody whose cell phone calls are fetched by conditional forwarding. Times in milliseconds. */
export interface Subscriber {
  /** E.164. */
  readonly number: string
  /** Whose phone it is. */
  readonly user: string
  /** Where the forwarding points, E.164. */
  readonly did: string
  readonly carrier: CarrierProfile
  /** In which numbers are read that name none. */
  readonly country: CountryCode
  /** Numbers outside that ring beside the cell phone. */
  readonly secondaryNumbers: readonly string[]
  readonly noReplyMs: number
  readonly instruct: InstructWhen
  readonly patienceMs: number
  readonly testTrunk: string | null
  /** What callers hear while waiting; null: what the trunk says. */
  readonly hold: HoldStyle | null
}

export interface SubscriberTable {
  /** @param number in E.164 */
  subscriber(number: string): Subscriber | undefined
  /** Whose forwarding points at the number that was called, in whatever form; none where it is no DID. */
  atDid(called: string): readonly Subscriber[]
}

/** Made once a reload. */
export function subscriberTable({
  subscribers,
  carriers,
}: Pick<Config, 'subscribers' | 'carriers'>): SubscriberTable {
  const all = new Map(
    [...subscribers].map(([number, one]) => [number, subscriberOf(number, one, carriers)] as const),
  )
  const byDid = new Map<string, Subscriber[]>()
  for (const one of all.values()) byDid.set(one.did, [...(byDid.get(one.did) ?? []), one])
  const byDigits = new Map([...byDid].map(([did, those]) => [did.slice(1), those]))
  const countries = [...new Set([...byDid.keys()].map(countryOf))]
  return {
    subscriber: (number) => all.get(number),
    atDid(called) {
      for (const country of countries) {
        const found = numberForms(called, country).flatMap((form) => byDigits.get(form) ?? [])
        if (found.length > 0) return found
      }
      return []
    },
  }
}

function subscriberOf(number: string, one: SubscriberConfig, carriers: Config['carriers']): Subscriber {
  const { user, did, noReply, instruct, patience, testTrunk, secondaries, hears } = one
  const country = one.country ?? countryOf(number)
  return {
    ...{ number, user, did, country, instruct },
    carrier: carrierProfile(one.carrier, carriers),
    secondaryNumbers: secondaries.flatMap((each) => {
      const text =
        each.kind === 'number' ? each.number : each.kind === 'outside' ? numberIn(each.uri) : undefined
      return text === undefined ? [] : [text]
    }),
    noReplyMs: noReply,
    patienceMs: patience,
    testTrunk: testTrunk ?? null,
    hold: hears.ringback ?? null,
  }
}

function numberIn(uri: string): string | undefined {
  const parsed = parseUri(uri)
  return parsed && numberOf(parsed)
}
