import { deepStrictEqual } from 'node:assert'
import type { State } from '../../../src/call/state.js'
import type { Transition } from '../referee/check.js'
import { Cast } from './cast.js'
import type { Happening } from './happenings.js'

export interface Scenario {
  /** What a user of the server would say. */
  readonly title: string
  /** What has happened so far. */
  readonly given: readonly Happening[]
  readonly when: Happening
  /** What the machine asks for, in order and in words; timers apart. */
  readonly then: readonly string[]
  readonly becomes: State['phase']
  /** What the record says beside cause and status. */
  readonly detail?: string
}

/** What the events before the scenario's own have made of the call. */
export function prepare(given: readonly Happening[], transition: Transition): Cast {
  const cast = new Cast(transition)
  for (const happening of given) cast.play(happening)
  return cast
}

/** Plays a scenario under the referee. Throws where the machine does otherwise. */
export function play({ given, when, then, becomes, detail }: Scenario, transition: Transition): void {
  const cast = prepare(given, transition)
  deepStrictEqual(cast.play(when), then)
  deepStrictEqual(cast.state.phase, becomes)
  if (detail !== undefined) deepStrictEqual(cast.state.phase === 'ended' && cast.state.ending.detail, detail)
}
