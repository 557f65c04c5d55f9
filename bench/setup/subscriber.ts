import { wayNames, type WayName } from './ways.js'

export const PROVIDER = 'bench'
export const DOMAIN = 'example.net'
/** The tones by which each side is known to the other, Hz: whole periods fit into one frame. */
export const CALLER_HZ = 650
export const PHONE_HZ = 1000

/** A user of the server, with one device. */
export interface Subscriber {
  readonly user: string
  readonly password: string
  /** The device's push token. */
  readonly token: string
  readonly instance: string
  readonly number: string
}

/** One for each way: what a way asks of its user's configuration is no other's. */
export function subscriberOf(way: WayName): Subscriber {
  const n = wayNames.indexOf(way) + 1
  return {
    user: way,
    password: `secret-${way}`,
    token: `token-${way}`,
    instance: `urn:uuid:00000000-0000-4000-8000-00000000000${n}`,
    number: `+1555100${n}`,
  }
}

/** Parameters of the Contact URI (RFC 8599). */
export function pushParams(token: string): Readonly<Record<string, string>> {
  return { 'pn-provider': PROVIDER, 'pn-prid': token, 'pn-param': 'app' }
}
