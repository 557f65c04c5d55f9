import type { Ending, EndingCause } from '../call/ending.js'
import { numberIn } from '../forwarding/number-in.js'
import type { Headers, SipRequest } from '../ports/signaling.js'

/** A target that the call had before the one that is dialled now. */
export interface Diverted {
  /** The URI that was called. */
  readonly uri: string
  /** What became of it. */
  readonly after: Ending
}

/** The number that diverted the call to us last, as the INVITE says; null where it says nothing of the kind. */
export function diverterOf(invite: Pick<SipRequest, 'headers'>): string | null {
  const numbers = invite.headers('diversion').flatMap((value) => numberIn(value) ?? [])
  return numbers[0] ?? null
}

/** RFC 5806 §6.1. */
const DIVERSION_REASON: Partial<Record<EndingCause, string>> = {
  'no-answer': 'no-answer',
  'no-second-response': 'no-answer',
  busy: 'user-busy',
  unreachable: 'unavailable',
  declined: 'deflection',
}

/**
 * Diversion and History-Info of an INVITE that we send: what came in stands, and each target that we left is added
 * (RFC 5806 §5.4, RFC 7044 §10). `trusted`: the INVITE came from within our trust domain, so its history is believed.
 */
export function diversionHeaders(
  invite: SipRequest,
  diverted: readonly Diverted[],
  target: string,
  trusted: boolean,
): Headers {
  const came = trusted ? invite.headers('diversion') : []
  const ours = diverted.map(
    ({ uri, after }) => `<${uri}>;reason=${DIVERSION_REASON[after.cause] ?? 'unknown'};counter=1`,
  )
  // The newest diversion stands first (RFC 5806 §5.1).
  const diversions = [...ours.toReversed(), ...came]
  return [
    ...diversions.map((value) => ['Diversion', value] as const),
    ...history(trusted ? invite.headers('history-info') : [], diverted, target).map(
      (value) => ['History-Info', value] as const,
    ),
  ]
}

/** Nothing is said of a call that nobody diverted. */
function history(came: readonly string[], diverted: readonly Diverted[], target: string): readonly string[] {
  if (diverted.length === 0) return came
  const base = came.at(-1)?.match(/;\s*index=([0-9.]+)/)?.[1]
  let index = base === undefined ? '1' : `${base}.1`
  const entries: string[] = []
  for (const { uri, after } of diverted) {
    // A timeout counts as 408 (RFC 7044 §10.2).
    const cause = after.cause === 'no-answer' ? 408 : after.status
    entries.push(`<${withReason(uri, cause)}>;index=${index}`)
    index = `${index}.1`
  }
  return [...came, ...entries, `<${target}>;index=${index}`]
}

function withReason(uri: string, cause: number): string {
  return `${uri}${uri.includes('?') ? '&' : '?'}Reason=SIP%3Bcause%3D${cause}`
}
