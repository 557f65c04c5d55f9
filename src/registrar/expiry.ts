import type { RequestedContact } from './contact.js'
import type { Bounds } from './limits.js'
import type { RegisterRequest } from './request.js'

/** A contact, and the seconds that it is granted; 0 where it asks to be removed. */
export interface GrantedContact {
  readonly contact: RequestedContact
  readonly seconds: number
}

/** RFC 3261 §10.2.1.1: the contact's own parameter goes before the header, and that before our default. */
export function grant(contact: RequestedContact, request: RegisterRequest, bounds: Bounds): GrantedContact {
  const wish = contact.expires ?? request.expires ?? inSeconds(bounds.defaultExpires)
  return { contact, seconds: Math.min(wish, inSeconds(bounds.maxExpires)) }
}

/** RFC 3261 §10.3 step 7: only a wish under an hour may be called too brief. */
export function isTooBrief(seconds: number, bounds: Bounds): boolean {
  return seconds > 0 && seconds < Math.min(inSeconds(bounds.minExpires), 3600)
}

/** Rounded up: a deadline told to others is never earlier than our own. */
export function inSeconds(ms: number): number {
  return Math.ceil(ms / 1000)
}
