import type { CallEvent } from '../../src/call/event.js'
import type { AttemptId, DeviceLegId, DialId } from '../../src/call/ids.js'
import type { Plan } from '../../src/call/plan.js'
import { type Choose, pick } from './random.js'
import type { Race } from './referee/race.js'
import type { Referee } from './referee/referee.js'
import { app, contactOf } from './vocabulary.js'

const PLAN: Plan = {
  users: ['alice'],
  destinations: [app('alice', 9)],
  ringMs: 1,
  graceMs: 1,
  secondResponseMs: 1,
  otherwise: { kind: 'outcome' },
  goesOn: null,
  answerFirst: false,
}
const ENDING = { cause: 'failed', by: 'server', status: 500 } as const

/** Says nothing to a call in any phase. */
const STRAY: readonly CallEvent[] = [
  { type: 'timer', id: 'hold#999' },
  { type: 'dial-progressed', dial: 'd999', status: 180 },
  { type: 'dial-answered', dial: 'd999' },
  { type: 'dial-failed', dial: 'd999', status: 603 },
  { type: 'dial-failed', dial: 'd999', status: 408 },
  { type: 'push-delivered', attempt: 'a999' },
  { type: 'push-refused', attempt: 'a999', gone: true, detail: '' },
  { type: 'leg-closed', leg: 'd999' },
  { type: 'signaling-lost', legs: ['d999'] },
  { type: 'accepted', attempt: 'a999' },
  { type: 'declined', attempt: 'a999', status: 603 },
  { type: 'performed', performance: 'p999' },
]

const INVITED: CallEvent = {
  type: 'invited',
  target: { kind: 'number', number: '2' },
  hold: 'ringing',
  accept: 'tone',
}
const WORDS: readonly CallEvent[] = [
  { type: 'primary-rejected' },
  { type: 'primary-answered' },
  { type: 'primary-ended' },
  { type: 'primary-failed' },
]
/** What would have to do with an expected caller. */
const FORWARDED: readonly CallEvent[] = [{ type: 'forwarded' }, ...WORDS]
const REPORTED: CallEvent = {
  type: 'reported',
  target: { kind: 'number', number: '2' },
  hold: 'ringing',
  accept: 'tone',
  instruct: 'notified',
  patienceMs: 1,
}
/** What only an answer to a look-up says. */
const DIRECTED: readonly CallEvent[] = [
  { type: 'deliberating' },
  {
    ...{ type: 'directed', performance: { kind: 'pause', ms: 1 }, answer: true, limitMs: 1 },
    next: { kind: 'instructions', name: 'x', step: 9 },
  },
]
const ROUTED: readonly CallEvent[] = [
  { type: 'routed', plan: PLAN },
  { type: 'route-failed', ending: ENDING },
  ...DIRECTED,
]
const CONNECTED: readonly CallEvent[] = [{ type: 'connected' }, { type: 'connect-failed', ending: ENDING }]
const REGISTERED: CallEvent = {
  type: 'registered',
  user: 'alice',
  device: { deviceId: 'alice', wakeable: true, callsIn: false },
  contact: contactOf('alice', 999),
}
const ENGINES: readonly CallEvent[] = [{ type: 'media-lost' }, { type: 'drained' }]
const NOT_HELD: CallEvent = { type: 'hold-failed', ending: ENDING }
const ANSWERED: CallEvent = { type: 'caller-answered' }
const CANCELLED: CallEvent = { type: 'caller-cancelled' }
const NO_MEDIA: CallEvent = { type: 'media-timeout' }

/** Some events that must not change the call as it is: stray, late, or told twice. */
export function noise(referee: Referee, choose: Choose): readonly CallEvent[] {
  const all = [...STRAY, ...late(referee)]
  return [pick(choose, all), pick(choose, all)]
}

function late(referee: Referee): readonly CallEvent[] {
  const { course, legs, race, stage } = referee
  const answered = legs.caller === 'answering' ? [] : [ANSWERED]
  // What would have to do with a caller's INVITE without a final answer.
  const open = legs.caller === 'open' || legs.caller === 'expected' ? [CANCELLED, NOT_HELD] : []
  const provided: CallEvent[] = stage.isAwaited ? [] : [{ type: 'held' }]
  const always = [...provided, ...answered, ...open, ...ofExpected(referee), ...again(referee)]
  switch (course.phase) {
    case 'new':
      return [
        ...[...ROUTED, ...CONNECTED, ...ENGINES, ...FORWARDED],
        ...[ANSWERED, NOT_HELD, REGISTERED, NO_MEDIA, CANCELLED],
      ]
    case 'routing':
      return [
        ...always,
        INVITED,
        ...CONNECTED,
        NO_MEDIA,
        ...spoken(race.everybody()),
        ...pushed(race.everybody()),
      ]
    case 'performing':
      return [
        ...[...always, INVITED, ...ROUTED, ...CONNECTED, REGISTERED, NO_MEDIA],
        ...[...spoken(race.everybody()), ...pushed(race.everybody())],
      ]
    case 'waiting':
      return [...always, INVITED, ...ROUTED, ...CONNECTED, NO_MEDIA, ...unheard(race), ...spoken(race.mute())]
    case 'accepted': {
      const others = race.everybody().filter((attempt) => attempt !== course.accepter)
      const again = course.accepter === null ? [] : [{ type: 'accepted', attempt: course.accepter } as const]
      return [
        ...[...always, INVITED, ...ROUTED, ...CONNECTED, NO_MEDIA],
        ...[...again, ...spoken(others), ...pushed(race.everybody())],
      ]
    }
    case 'expecting':
      return [
        ...[...always, INVITED, ...ROUTED, ...CONNECTED, REGISTERED, NO_MEDIA],
        ...spoken(race.everybody()),
        ...dialled(course.winner).map((dial) => ({ type: 'dial-progressed', dial, status: 180 }) as const),
      ]
    case 'connecting':
      return [...always, INVITED, ...ROUTED, REGISTERED, NO_MEDIA, ...spoken(race.everybody())]
    case 'bridged':
      return [
        ...[...always, INVITED, ...ROUTED, ...CONNECTED, REGISTERED, ...spoken(race.everybody())],
        ...dialled(course.winner).map((dial) => ({ type: 'dial-progressed', dial, status: 180 }) as const),
      ]
    case 'ended':
      return [...always, INVITED, ...ROUTED, ...ENGINES, REGISTERED, NO_MEDIA, ...afterTheEnd(referee)]
  }
}

/** Told of a caller that is there, or that nobody waits for; or, of one that is expected, what cannot be. */
function ofExpected({ legs, primary }: Referee): CallEvent[] {
  if (legs.caller !== 'expected') return [REPORTED, ...FORWARDED]
  const gone: CallEvent[] = primary.forwardDue ? [{ type: 'primary-ended' }] : []
  return [REPORTED, { type: 'leg-closed', leg: 'caller' }, ...gone]
}

/** Told twice: an answer that was heard, a leg that came, whatever has become of it. */
function again({ legs, released }: Referee): CallEvent[] {
  return legs.open().flatMap<CallEvent>(({ id, attempt, phase }) => {
    if (phase !== 'answered' || released) return []
    return isDial(id) ? [{ type: 'dial-answered', dial: id }] : [{ type: 'leg-arrived', leg: id, attempt }]
  })
}

function afterTheEnd({ legs, race, released }: Referee): CallEvent[] {
  const over = legs.openIds().flatMap<CallEvent>((leg) => {
    if (leg === 'caller') return [CANCELLED, { type: 'leg-closed', leg }]
    return dialled(leg).flatMap<CallEvent>((dial) => [
      { type: 'dial-answered', dial },
      { type: 'dial-failed', dial, status: 487 },
    ])
  })
  return [
    ...(legs.caller === 'joining' ? [] : CONNECTED),
    ...(legs.caller === 'answering' ? [] : [NOT_HELD]),
    ...spoken(race.everybody()),
    ...(released ? over : []),
  ]
}

/** The words of those to whom nobody listens. */
function spoken(by: readonly AttemptId[]): CallEvent[] {
  return by.flatMap((attempt) => [
    { type: 'accepted', attempt } as const,
    { type: 'declined', attempt, status: 603 } as const,
  ])
}

/** What the push service says of these. */
function pushed(attempts: readonly AttemptId[]): CallEvent[] {
  return attempts.flatMap((attempt) => [
    { type: 'push-delivered', attempt } as const,
    { type: 'push-refused', attempt, gone: false, detail: '' } as const,
  ])
}

function unheard(race: Race): CallEvent[] {
  const delivered = race.deafTo('push-delivered')
  const refused = race.deafTo('push-refused')
  return [
    ...delivered.map((attempt) => ({ type: 'push-delivered', attempt }) as const),
    ...refused.map((attempt) => ({ type: 'push-refused', attempt, gone: false, detail: '' }) as const),
  ]
}

function dialled(leg: DeviceLegId | null): DialId[] {
  return leg !== null && isDial(leg) ? [leg] : []
}

function isDial(leg: DeviceLegId): leg is DialId {
  return leg.startsWith('d')
}
