import type { Final, Headers, SipRequest } from '../ports/signaling.js'
import { parseUri } from '../sip-text/uri.js'
import type { RoutingTable, Trunk } from '../routing/table.js'

/** Methods that we take; the rest gets 405 (RFC 3261 §8.2.1). */
export const ALLOW = 'INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, PRACK, UPDATE, INFO'
/** Extensions that a request may require of us (RFC 3261 §8.2.2.3). */
export const SUPPORTED: ReadonlySet<string> = new Set(['100rel', 'timer'])

export type Admission = { readonly admitted: true; readonly called: string; readonly trunk: Trunk } | Refused

interface Refused {
  readonly admitted: false
  readonly final: Final
  readonly why: string
}

export interface AdmissionContext {
  readonly table: RoutingTable
  readonly draining: boolean
  /** Seconds. */
  readonly minSe: number
  /** Whether a call that lives went out under this X-Call-Id to this number: a loop, not a spiral (RFC 3261 §16.3). */
  readonly loops: (callId: string, called: string) => boolean
}

/** Whether an INVITE becomes a call, and whose. */
export function admit(invite: SipRequest, { table, draining, minSe, loops }: AdmissionContext): Admission {
  if (draining) return refuse(503, 'shutting down', [['Retry-After', '5']])
  const refusal = unacceptable(invite, minSe)
  if (refusal !== undefined) return refusal
  const trunk = table.trunkOf(invite.source.address)
  if (trunk === undefined) return refuse(403, `no trunk for ${invite.source.address}`)
  const called = calledOf(invite.uri)
  if (called === undefined) return refuse(404, `the Request-URI ${invite.uri} names nobody`)
  const cameAs = invite.header('x-call-id')
  if (cameAs !== undefined && loops(cameAs, called))
    return refuse(482, `call ${cameAs} came back to ${called}`)
  return { admitted: true, called, trunk }
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
