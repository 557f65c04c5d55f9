import type { CallEvent } from '../../src/call/event.js'
import type { DialId } from '../../src/call/ids.js'
import type { Plan } from '../../src/call/plan.js'
import { type Choose, pick } from './random.js'
import type { Referee } from './referee/referee.js'
import { app, contactOf } from './vocabulary.js'

const PLAN: Plan = {
  users: ['alice'],
  destinations: [app('alice', 9)],
  ringMs: 1,
  graceMs: 1,
  secondResponseMs: 1,
  otherwise: { kind: 'outcome' },
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
  { type: 'held' },
]

const INVITED: CallEvent = {
  type: 'invited',
  target: { kind: 'number', number: '2' },
  hold: 'ringing',
  accept: 'tone',
}
const ROUTED: readonly CallEvent[] = [
  { type: 'routed', plan: PLAN },
  { type: 'route-failed', ending: ENDING },
]
const CONNECTED: readonly CallEvent[] = [{ type: 'connected' }, { type: 'connect-failed', ending: ENDING }]
const REGISTERED: CallEvent = {
  type: 'registered',
  user: 'alice',
  device: { deviceId: 'alice', wakeable: true },
  contact: contactOf('alice', 999),
}
const ENGINES: readonly CallEvent[] = [
  { type: 'media-lost' },
  { type: 'drained' },
  { type: 'hold-failed', ending: ENDING },
]
const NO_MEDIA: CallEvent = { type: 'media-timeout' }

/** Some events that must not change the call as it is: stray, late, or told twice. */
export function noise(referee: Referee, choose: Choose): readonly CallEvent[] {
  const all = [...STRAY, ...late(referee)]
  return [pick(choose, all), pick(choose, all)]
}

function late({ course, legs, race, released }: Referee): readonly CallEvent[] {
  const again = (event: (dial: DialId) => CallEvent): CallEvent[] =>
    course.winner === null ? [] : [event(course.winner as DialId)]
  const delivered = race
    .deafTo('push-delivered')
    .map((attempt) => ({ type: 'push-delivered', attempt }) as const)
  const refused = race
    .deafTo('push-refused')
    .map((attempt) => ({ type: 'push-refused', attempt, gone: false, detail: '' }) as const)
  switch (course.phase) {
    case 'new':
      return [...ROUTED, ...CONNECTED, ...ENGINES, REGISTERED, NO_MEDIA, { type: 'caller-cancelled' }]
    case 'routing':
      return [INVITED, ...CONNECTED, NO_MEDIA, ...delivered, ...refused]
    case 'waiting':
      return [INVITED, ...ROUTED, ...CONNECTED, NO_MEDIA, ...delivered, ...refused]
    case 'accepted':
      return []
    case 'connecting':
      return [INVITED, ...ROUTED, REGISTERED, NO_MEDIA, ...again((dial) => ({ type: 'dial-answered', dial }))]
    case 'bridged':
      return [
        ...[INVITED, ...ROUTED, ...CONNECTED, REGISTERED, { type: 'caller-cancelled' } as const],
        ...again((dial) => ({ type: 'dial-answered', dial })),
        ...again((dial) => ({ type: 'dial-progressed', dial, status: 180 })),
      ]
    case 'ended': {
      const ended = [INVITED, ...ROUTED, ...ENGINES, REGISTERED, NO_MEDIA]
      const over = legs.openIds().flatMap<CallEvent>((leg) =>
        leg === 'caller'
          ? [{ type: 'caller-cancelled' }, { type: 'leg-closed', leg }]
          : [
              { type: 'dial-answered', dial: leg as DialId },
              { type: 'dial-failed', dial: leg as DialId, status: 487 },
            ],
      )
      return [...ended, ...(legs.caller === 'answering' ? [] : CONNECTED), ...(released ? over : [])]
    }
  }
}
