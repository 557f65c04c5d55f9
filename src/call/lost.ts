import { legFailed } from './attempts.js'
import { ending } from './ending.js'
import { end } from './finish.js'
import type { LegId } from './ids.js'
import { withoutLeg } from './legs.js'
import type { Ended, Live, Step } from './state.js'
import { forEach, stay } from './step.js'

/**
 * A gateway is gone. The call ends where its caller or the leg that won was on it; a dial of a call that still
 * waits has merely failed.
 */
export function signalingLost<S extends Live>(state: S, legs: readonly LegId[]): Step<S | Ended> {
  const gone = state.legs.filter((l) => legs.includes(l.id))
  const winnerGone = 'winner' in state && legs.includes(state.winner)
  if (!legs.includes('caller') && !winnerGone) {
    return forEach(state, gone, (s, l) => legFailed(s, l.id, 503))
  }
  const standing = gone.reduce<Live>((s, l) => withoutLeg(s, l.id), state)
  const caller = legs.includes('caller') ? 'closed' : state.caller
  const status = state.phase === 'bridged' ? 200 : 503
  return end(standing, ending('engine-lost', 'server', { status, detail: 'a SIP gateway was lost' }), caller)
}

/** A gateway is gone after the end: what was on it is closed with it. */
export function closeLost(state: Ended, legs: readonly LegId[]): Step<Ended> {
  const standing = state.legs.filter((l) => !legs.includes(l.id))
  return stay({ ...state, legs: standing, caller: legs.includes('caller') ? 'closed' : state.caller })
}
