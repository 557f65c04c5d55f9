import { ackForFailure } from './build.js'
import type { SipRequest, SipResponse } from './message.js'
import { StateClock, type SipTimers, type StateTimers } from './timers.js'

export type ClientState = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated'
export type ClientInput = 'provisional' | 'success' | 'failure' | 'resend-due' | 'expired'
export type ClientAction = 'send' | 'pass' | 'ack' | 'time-out'
export type ClientStep = readonly [ClientState, ...ClientAction[]]
export type ClientTable = Readonly<Record<ClientState, Partial<Record<ClientInput, ClientStep>>>>

/** RFC 3261 §17.1.1 with the accepted state of RFC 6026 §7.2. */
export const inviteClient: ClientTable = {
  calling: {
    provisional: ['proceeding', 'pass'],
    success: ['accepted', 'pass'],
    failure: ['completed', 'ack', 'pass'],
    'resend-due': ['calling', 'send'],
    expired: ['terminated', 'time-out'],
  },
  proceeding: {
    provisional: ['proceeding', 'pass'],
    success: ['accepted', 'pass'],
    failure: ['completed', 'ack', 'pass'],
  },
  completed: { failure: ['completed', 'ack'], expired: ['terminated'] },
  // Each 2xx goes up: the user repeats its ACK, and meets the answers of forks.
  accepted: { success: ['accepted', 'pass'], expired: ['terminated'] },
  terminated: {},
}

/** RFC 3261 §17.1.2. */
export const nonInviteClient: ClientTable = {
  calling: {
    provisional: ['proceeding', 'pass'],
    success: ['completed', 'pass'],
    failure: ['completed', 'pass'],
    'resend-due': ['calling', 'send'],
    expired: ['terminated', 'time-out'],
  },
  proceeding: {
    provisional: ['proceeding', 'pass'],
    success: ['completed', 'pass'],
    failure: ['completed', 'pass'],
    'resend-due': ['proceeding', 'send'],
    expired: ['terminated', 'time-out'],
  },
  completed: { expired: ['terminated'] },
  accepted: {},
  terminated: {},
}

export interface ClientUser {
  readonly onResponse: (response: SipResponse) => void
  /** No final response came in 64·T1. */
  readonly onTimeout: () => void
}

export interface ClientContext extends ClientUser {
  readonly reliable: boolean
  readonly timers: SipTimers
  readonly send: (request: SipRequest) => void
  readonly onTerminated: () => void
}

export class ClientTransaction {
  #state: ClientState = 'calling'
  readonly #table: ClientTable
  readonly #clock = new StateClock(
    () => this.#step('resend-due'),
    () => this.#step('expired'),
  )

  constructor(
    readonly request: SipRequest,
    private readonly context: ClientContext,
  ) {
    this.#table = request.method === 'INVITE' ? inviteClient : nonInviteClient
  }

  get state(): ClientState {
    return this.#state
  }

  start(): void {
    this.#clock.enter(this.#timersOf('calling'))
    this.context.send(this.request)
  }

  receive(response: SipResponse): void {
    this.#step(
      response.status < 200 ? 'provisional' : response.status < 300 ? 'success' : 'failure',
      response,
    )
  }

  /** Its user went away: no timer is left, nothing more is reported. */
  stop(): void {
    this.#clock.stop()
    this.#state = 'terminated'
    this.context.onTerminated()
  }

  /** Its socket went away: as `stop`, but who waits for a final response is told that none will come. */
  abandon(): void {
    const waiting = this.#state === 'calling' || this.#state === 'proceeding'
    this.stop()
    if (waiting) this.context.onTimeout()
  }

  #step(input: ClientInput, response?: SipResponse): void {
    const step = this.#table[this.#state][input]
    if (step === undefined) return
    const [state, ...actions] = step
    this.#enter(state)
    for (const action of actions) this.#perform(action, response)
    if (state === 'terminated') this.context.onTerminated()
  }

  #enter(state: ClientState): void {
    if (state === this.#state) return
    this.#state = state
    this.#clock.enter(this.#timersOf(state))
  }

  #perform(action: ClientAction, response: SipResponse | undefined): void {
    switch (action) {
      case 'send':
        return this.context.send(this.request)
      case 'pass':
        if (response !== undefined) this.context.onResponse(response)
        return
      case 'ack':
        if (response !== undefined) this.context.send(ackForFailure(this.request, response))
        return
      case 'time-out':
        return this.context.onTimeout()
      default:
        return action satisfies never
    }
  }

  #timersOf(state: ClientState): StateTimers {
    const { reliable, timers } = this.context
    const { t1, t2, t4 } = timers
    const invite = this.request.method === 'INVITE'
    switch (state) {
      case 'calling': // A and B, E and F
        return {
          expireMs: 64 * t1,
          ...(reliable ? {} : { resendMs: t1, resendCapMs: invite ? Infinity : t2 }),
        }
      case 'proceeding':
        return invite ? {} : { expireMs: 64 * t1, ...(reliable ? {} : { resendMs: t2, resendCapMs: t2 }) }
      case 'completed': // D, K
        return { expireMs: reliable ? 0 : invite ? 64 * t1 : t4 }
      case 'accepted': // M
        return { expireMs: 64 * t1 }
      case 'terminated':
        return {}
      default:
        return state satisfies never
    }
  }
}
