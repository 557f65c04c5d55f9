import type { State } from '../../../src/call/state.js'
import { accepted } from './accepted.js'
import { answering } from './answering.js'
import { directedInRouting } from './directed.js'
import { ended } from './ended.js'
import { expected } from './expected.js'
import { expectedAfterAccept, expectedInRouting, expecting } from './expecting.js'
import { bridged, connecting } from './joined.js'
import { performing } from './performing.js'
import { routing } from './routing.js'
import { directedAfterAccept, directedWhileWaiting, goingOn } from './going-on.js'
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
    title: 'a cell phone rings, and it is looked up who else may take its call',
    given: [],
    when: it.reported(),
    then: ['look up subscriber 1 false'],
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
  routing: [...routing, ...expectedInRouting, ...directedInRouting],
  performing,
  waiting: [...waiting, ...answering, ...expected, ...directedWhileWaiting],
  accepted: [...accepted, ...expectedAfterAccept, ...directedAfterAccept],
  expecting,
  connecting,
  bridged: [...bridged, ...goingOn],
  ended,
}
