import type { Final, Headers, SipRequest } from '../ports/signaling.js'
import { parseUri } from '../sip-text/uri.js'
import type { RoutingTable, Trunk } from '../routing/table.js'

/** Methods that we take; the rest gets 405 (RFC 3261 §8.2.1). */
export const ALLOW = 'INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO, SUBSCRIBE'
/** Extensions that a request may require of us (RFC 3261 §8.2.2.3). */
export const SUPPORTED: ReadonlySet<string> = new Set(['100rel', 'timer'])

export type Admission = { readonly admitted: true; readonly called: string } | Refused

interface Refused {
  readonly admitted: false
  readonly final: Final
  readonly why: string
}

export interface AdmissionContext {
  /** Seconds. */
  readonly minSe: number
  /** Whether a call that lives went out under this X-Call-Id to this number: a loop, not a spiral (RFC 3261 §16.3). */
  readonly loops: (callId: string, called: string) => boolean
}

/** Nobody may begin a call any more. */
export const DRAINING: Refused = refuse(503, 'shutting down', [['Retry-After', '5']])

/** The trunk that an INVITE is of; undefined where a client sent it, which is to prove who it is. */
export function trunkOf(invite: SipRequest, table: RoutingTable): Trunk | undefined {
  // A client behind the address of a trunk says so by what it shows.
  if (invite.header('authorization') !== undefined) return undefined
  return table.trunkOf(invite.source.address)
}

/** Whether an INVITE of a trunk becomes a call. */
export function admit(invite: SipRequest, { minSe, loops }: AdmissionContext): Admission {
  const refusal = unacceptable(invite, minSe)
  if (refusal !== undefined) return refusal
  const called = calledOf(invite.uri)
  if (called === undefined) return refuse(404, `the Request-URI ${invite.uri} names nobody`)
  const cameAs = invite.header('x-call-id')
  if (cameAs !== undefined && loops(cameAs, called))
    return refuse(482, `call ${cameAs} came back to ${called}`)
  return { admitted: true, called }
}

/** What no INVITE may be, whoever sent it. `minSe`: seconds. */
export function unacceptable(invite: SipRequest, minSe: number): Refused | undefined {
  const hops = Number(invite.header('max-forwards') ?? 70)
  if (hops <= 0) return refuse(483, 'Max-Forwards is used up')
  const missing = invite.headers('require').filter((tag) => !SUPPORTED.has(tag.toLowerCase()))
  if (missing.length > 0)
    return refuse(420, `requires ${missing.join()}`, [['Unsupported', missing.join(', ')]])
  const sessionExpires = Number.parseInt(invite.header('session-expires') ?? '', 10)
  return sessionExpires < minSe
    ? refuse(422, `Session-Expires ${sessionExpires} is too short`, [['Min-SE', String(minSe)]])
    : undefined
}

function refuse(status: number, why: string, headers: Headers = []): Refused {
  return { admitted: false, final: { status, headers }, why }
}

/** The number or user that a Request-URI names. */
function calledOf(uri: string): string | undefined {
  const parsed = parseUri(uri)
  switch (parsed?.kind) {
    case 'sip':
      return parsed.user?.split(';')[0]
    case 'tel':
      return parsed.number.replace(/[().-]/g, '')
    case 'other':
    case undefined:
      return undefined
  }
}
