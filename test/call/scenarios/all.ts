import type { State } from '../../../src/call/state.js'
import { accepted } from './accepted.js'
import { answering } from './answering.js'
import { ended } from './ended.js'
import { expecting } from './expected.js'
import { bridged, connecting } from './joined.js'
import { routing } from './routing.js'
import type { Scenario } from './scenario.js'
import { waiting } from './waiting.js'
import * as it from './happenings.js'

const beginning: readonly Scenario[] = [
  {
    title: "the caller's INVITE is looked up",
    given: [],
    when: it.invited(),
    then: ['look up number 1'],
    becomes: 'routing',
  },
  {
    title: 'nothing else begins a call',
    given: [],
    when: it.registers('alice', 1),
    then: [],
    becomes: 'new',
  },
]

/** The scenarios, by the phase in which their event comes. */
export const SCENARIOS: Readonly<Record<State['phase'], readonly Scenario[]>> = {
  new: beginning,
  routing,
  waiting: [...waiting, ...answering],
  accepted,
  expecting,
  connecting,
  bridged,
  ended,
}
