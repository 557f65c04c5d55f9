import type { Destination } from '../call/destination.js'
import type { AttemptId } from '../call/ids.js'
import { ending, hungUp } from '../call/ending.js'
import type { State } from '../call/state.js'
import type { CallView } from '../ports/call-control.js'

/** The newest attempt at a device: a no-answer target may call the same one again. */
export function attemptOf(state: State, deviceId: string): AttemptId | undefined {
  if (state.phase === 'new') return undefined
  return state.attempts.findLast(
    ({ destination }) => destination.kind === 'device' && destination.device.deviceId === deviceId,
  )?.id
}

/** The attempt that has the call, by an accept or an answer. */
export function winnerOf(state: State): AttemptId | undefined {
  switch (state.phase) {
    case 'accepted':
      return state.attempt
    case 'expecting':
    case 'connecting':
    case 'bridged':
      return state.legs.find((leg) => leg.id === state.winner)?.attempt
    case 'new':
    case 'routing':
    case 'performing':
    case 'waiting':
    case 'ended':
      return undefined
    default:
      return state satisfies never
  }
}

/**
 * A call's phase in the words of the API, as the device of an attempt sees it.
 *
 * @param talked whether it was joined to the caller
 */
export function stateSeenBy(
  state: State,
  id: AttemptId,
  talked: boolean,
): Pick<CallView, 'state' | 'ending'> {
  const attempt = state.phase === 'new' ? undefined : state.attempts.find((one) => one.id === id)
  // The caller goes on to others, by its instructions: for this device the call is over.
  if (state.phase !== 'ended' && attempt?.past === true) {
    const how = talked ? hungUp('callee', undefined, 200) : ending('no-answer', 'server')
    return { state: 'ended', ending: how }
  }
  return phaseSeen(state)
}

function phaseSeen(state: State): Pick<CallView, 'state' | 'ending'> {
  switch (state.phase) {
    case 'new':
    case 'routing':
    case 'performing':
    case 'waiting':
      return { state: 'ringing', ending: null }
    case 'accepted':
    case 'connecting':
    case 'bridged':
      return { state: state.phase, ending: null }
    case 'expecting':
      return { state: 'accepted', ending: null }
    case 'ended':
      return { state: 'ended', ending: state.ending }
    default:
      return state satisfies never
  }
}

/** Every device that the call was for. */
export function devicesOf(state: State): readonly string[] {
  if (state.phase === 'new') return []
  const devices: string[] = []
  for (const { destination } of state.attempts) {
    if (destination.kind !== 'device' || devices.includes(destination.device.deviceId)) continue
    devices.push(destination.device.deviceId)
  }
  return devices
}

export function deviceOf(state: State, id: AttemptId | undefined): string | null {
  if (state.phase === 'new') return null
  const destination = state.attempts.find((attempt) => attempt.id === id)?.destination
  return destination?.kind === 'device' ? destination.device.deviceId : null
}

/** The user whose phone has the call, once one has. */
export function takerOf(state: State): string | undefined {
  const destination = takenAt(state)
  return destination === undefined || destination.kind === 'outside' ? undefined : destination.user
}

/** Who has the call, by name or URI; null where nobody has. */
export function calleeOf(state: State): string | null {
  const destination = takenAt(state)
  if (destination === undefined) return null
  return destination.kind === 'outside' ? destination.uri : destination.user
}

function takenAt(state: State): Destination | undefined {
  const winner = winnerOf(state)
  if (winner === undefined || state.phase === 'new') return undefined
  return state.attempts.find((attempt) => attempt.id === winner)?.destination
}

/** Whose device it is. */
export function userOf(state: State, deviceId: string): string | undefined {
  if (state.phase === 'new') return undefined
  return state.attempts.flatMap(({ destination: d }) =>
    d.kind === 'device' && d.device.deviceId === deviceId ? [d.user] : [],
  )[0]
}
