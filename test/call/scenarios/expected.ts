import { app } from '../vocabulary.js'
import * as it from './happenings.js'
import type { Scenario } from './scenario.js'

const BOTH = it.found([app('alice', 1), app('tablet', null)])
/** Alice has answered; the cell phone was told to reject. */
export const TAKEN = [it.reported('accepted'), BOTH, it.answers('alice')]

export const expecting: readonly Scenario[] = [
  {
    title: 'the forwarded call is joined to the device that waits for it',
    given: TAKEN,
    when: it.forwarded,
    then: ['join alice'],
    becomes: 'connecting',
  },
]
