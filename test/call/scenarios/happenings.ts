import type { Destination } from '../../../src/call/destination.js'
import type { EndingCause } from '../../../src/call/ending.js'
import type { CallEvent } from '../../../src/call/event.js'
import type { Performance } from '../../../src/call/performance.js'
import type {
  AcceptStyle,
  HoldStyle,
  InstructWhen,
  Otherwise,
  Plan,
  RouteTarget,
} from '../../../src/call/plan.js'
import type { TimerName } from '../../../src/call/state.js'
import { contactOf, userOf } from '../vocabulary.js'
import type { Cast } from './cast.js'

/** Something that happens to a call, told by the names of those who take part in it. */
export type Happening = (cast: Cast) => CallEvent

const failed = (cause: EndingCause, status: number) => ({ cause, by: 'server', status }) as const
const withReason = (reason: string | undefined) => (reason === undefined ? {} : { reason })

export const invited =
  (hold: HoldStyle = 'ringing', accept: AcceptStyle = 'tone'): Happening =>
  () => ({ type: 'invited', target: { kind: 'number', number: '1' }, hold, accept })

/** A cell phone rings, and tells us. */
export const reported =
  (
    instruct: InstructWhen = 'notified',
    { hold = 'ringing', accept = 'tone' }: { hold?: HoldStyle; accept?: AcceptStyle } = {},
  ): Happening =>
  () => ({
    type: 'reported',
    target: { kind: 'subscriber', number: '1', devices: false },
    ...{ hold, accept, instruct, patienceMs: 12_000 },
  })

/** The carrier forwards the call of the cell phone to us. */
export const forwarded: Happening = () => ({ type: 'forwarded' })

/** What the cell phone says of its call. */
export const cell =
  (word: 'rejected' | 'answered' | 'ended' | 'failed'): Happening =>
  () => ({ type: `primary-${word}` })

/** The look-up found these. */
export const found =
  (
    destinations: readonly Destination[],
    otherwise: Otherwise = { kind: 'outcome' },
    users: readonly string[] = ['alice'],
    { goesOn = null, answerFirst = false }: Partial<Pick<Plan, 'goesOn' | 'answerFirst'>> = {},
  ): Happening =>
  () => ({
    type: 'routed',
    plan: {
      users,
      destinations,
      ringMs: 30_000,
      graceMs: 300,
      secondResponseMs: 15_000,
      otherwise,
      goesOn,
      answerFirst,
    },
  })

export const thenBob: Otherwise = { kind: 'target', target: { kind: 'user', user: 'bob' } }

/** Alice, and then the next member of her team. */
export const thenNext: Otherwise = { kind: 'target', target: { kind: 'group', group: 'team', member: 1 } }

/** Whoever directs the call takes its time. */
export const deliberates: Happening = () => ({ type: 'deliberating' })

/** The look-up finds instructions: something is performed for the caller, and then they are asked again. */
export const directed =
  ({
    answer = true,
    performance = WELCOME,
    next = NEXT_STEP,
  }: { answer?: boolean; performance?: Performance; next?: RouteTarget } = {}): Happening =>
  () => ({ type: 'directed', performance, answer, limitMs: 60_000, next })

export const WELCOME: Performance = {
  kind: 'play',
  sounds: [{ kind: 'file', path: 'welcome.wav' }],
  times: 1,
}
export const NEXT_STEP: RouteTarget = { kind: 'instructions', name: 'desk', step: 2 }

/** What is performed has come to its end; or something of an earlier time has. */
export const performed =
  (which: 'now' | 'before' = 'now'): Happening =>
  (cast) => ({ type: 'performed', performance: cast.performance(which) })

export const notFound: Happening = () => ({ type: 'route-failed', ending: failed('not-found', 404) })
export const held: Happening = () => ({ type: 'held' })
export const notHeld: Happening = () => ({ type: 'hold-failed', ending: failed('not-acceptable', 488) })

export const callerCancels =
  (reason?: string): Happening =>
  () => ({ type: 'caller-cancelled', ...withReason(reason) })

export const registers =
  (name: string, flow: number, { wakeable = true } = {}): Happening =>
  () => ({
    type: 'registered',
    user: userOf(name),
    device: { deviceId: name, wakeable, callsIn: false },
    contact: contactOf(name, flow),
  })

export const deskRegisters =
  (name: string, flow: number): Happening =>
  () => ({ type: 'registered', user: userOf(name), device: null, contact: contactOf(name, flow) })

export const pushTaken =
  (name: string): Happening =>
  (cast) => ({ type: 'push-delivered', attempt: cast.attempt(name) })

export const pushRefused =
  (name: string): Happening =>
  (cast) => ({ type: 'push-refused', attempt: cast.attempt(name), gone: true, detail: '410' })

export const rings =
  (name: string, status = 180): Happening =>
  (cast) => ({ type: 'dial-progressed', dial: cast.dial(name), status })

/** 180 on the INVITE that went to one of its flows. */
export const ringsOn =
  (name: string, flow: number): Happening =>
  (cast) => ({ type: 'dial-progressed', dial: cast.dial(name, flow), status: 180 })

export const answers =
  (name: string, on?: number): Happening =>
  (cast) => ({ type: 'dial-answered', dial: cast.dial(name, on) })

export const fails =
  (name: string, status: number, { on, reason }: { on?: number; reason?: string } = {}): Happening =>
  (cast) => ({ type: 'dial-failed', dial: cast.dial(name, on), status, ...withReason(reason) })

/** The user of a device taps its notification. */
export const accepts =
  (name: string): Happening =>
  (cast) => ({ type: 'accepted', attempt: cast.attempt(name) })

export const declines =
  (
    name: string,
    status: number,
    { reason, redirect }: { reason?: string; redirect?: RouteTarget } = {},
  ): Happening =>
  (cast) => ({
    ...{ type: 'declined', attempt: cast.attempt(name), status },
    ...withReason(reason),
    ...(redirect === undefined ? {} : { redirect }),
  })

/** A device opens a leg of its own. */
export const comes =
  (name: string): Happening =>
  (cast) => ({ type: 'leg-arrived', leg: cast.arriving(), attempt: cast.attempt(name) })

/** The last leg that arrived is told of a second time. */
export const comesAgain =
  (name: string): Happening =>
  (cast) => ({ type: 'leg-arrived', leg: cast.arrived(), attempt: cast.attempt(name) })

export const callerAnswered: Happening = () => ({ type: 'caller-answered' })

export const joined: Happening = () => ({ type: 'connected' })
export const notJoined: Happening = () => ({ type: 'connect-failed', ending: failed('connect-failed', 500) })

export const hangsUp =
  (name: string, reason?: string): Happening =>
  (cast) => ({ type: 'leg-closed', leg: cast.leg(name), ...withReason(reason) })

/** The time of a timer has come. */
export const timeIsUp =
  (name: Exclude<TimerName, `grace:${string}`> | { readonly grace: string }): Happening =>
  (cast) => ({
    type: 'timer',
    id: cast.timer(typeof name === 'string' ? name : `grace:${cast.attempt(name.grace)}`),
  })

/** A timer that had been stopped fires all the same. */
export const staleTimer: Happening = (cast) => ({ type: 'timer', id: cast.staleTimer() })

export const gatewayLost =
  (...names: readonly string[]): Happening =>
  (cast) => ({ type: 'signaling-lost', legs: names.map((name) => cast.leg(name)) })

export const mediaLost: Happening = () => ({ type: 'media-lost' })
export const noMedia: Happening = () => ({ type: 'media-timeout' })
export const drained: Happening = () => ({ type: 'drained' })
