import type { CallEvent } from '../../../src/call/event.js'
import type { State, Step } from '../../../src/call/state.js'

export type Transition = (state: State, event: CallEvent) => Step

/** A promise of the call machine was broken. */
export class Violation extends Error {}

export function check(holds: boolean, promise: string, about = ''): asserts holds {
  if (!holds) throw new Violation(about === '' ? promise : `${promise}: ${about}`)
}
