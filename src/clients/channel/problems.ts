import type { CallRefusalReason } from '../../ports/call-control.js'
import type { CallerRefusal, CallingRefusalReason } from '../../ports/client-calls.js'
import type { InvitationRefusalReason } from '../../ports/invitation-control.js'
import type { Refused } from '../tokens/tokens.js'
import type { ChannelProblem } from './server-message.js'

/** The problem types of the HTTP API that refusals come to. */
export const CALL_PROBLEMS = {
  'not-found': 'call-not-found',
  'not-invited': 'token-foreign',
  'answered-elsewhere': 'call-answered-elsewhere',
  ended: 'call-ended',
  'already-answered': 'token-used',
  'not-acceptable': 'call-not-acceptable',
  'redirect-not-allowed': 'redirect-not-allowed',
  unavailable: 'unavailable',
} as const satisfies Record<CallRefusalReason, string>

/** Of calls that clients make. */
export const CALLING_PROBLEMS = {
  'grant-missing': 'grant-missing',
  'foreign-name': 'forbidden',
  'destination-unknown': 'destination-unknown',
  'destination-not-allowed': 'destination-not-allowed',
  'destination-blocked': 'destination-blocked',
  'caller-id-not-allowed': 'caller-id-not-allowed',
  'too-many-calls': 'too-many-calls',
  'too-many-attempts': 'too-many-requests',
  unavailable: 'unavailable',
} as const satisfies Record<CallingRefusalReason, string>

export const CALLER_PROBLEMS = {
  'not-found': 'call-not-found',
  'not-acceptable': 'call-not-acceptable',
  'not-connected': 'call-not-connected',
} as const satisfies Record<CallerRefusal['why'], string>

export const INVITATION_PROBLEMS = {
  'not-found': 'invitation-not-found',
  foreign: 'token-foreign',
  over: 'invitation-ended',
  'already-answered': 'invitation-conflict',
  'not-accepted': 'invitation-conflict',
  'too-large': 'too-large',
  'too-many': 'too-many-requests',
} as const satisfies Record<InvitationRefusalReason, string>

/** What a client is told of what cannot be done. `type`: one of the HTTP API. */
export function problem(
  type: string,
  detail: string,
): { readonly ok: false; readonly problem: ChannelProblem } {
  return { ok: false, problem: { type: `/problems/${type}`, detail } }
}

/** A forger is not told what is wrong. */
export function tokenProblem({ fault }: Refused): 'token-expired' | 'token-used' | 'token-invalid' {
  return fault === 'expired' ? 'token-expired' : fault === 'used' ? 'token-used' : 'token-invalid'
}
