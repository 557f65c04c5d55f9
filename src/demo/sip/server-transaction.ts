import { responseTo, type ResponseOptions } from './build.js'
import type { SipRequest, SipResponse } from './message.js'
import type { Flow } from './transport.js'
import { StateClock, type SipTimers, type StateTimers } from './timers.js'

export type ServerState = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated'
export type ServerInput = 'request' | 'provisional' | 'success' | 'failure' | 'ack' | 'resend-due' | 'expired'
export type ServerAction = 'send' | 'acked' | 'no-ack'
export type ServerStep = readonly [ServerState, ...ServerAction[]]
export type ServerTable = Readonly<Record<ServerState, Partial<Record<ServerInput, ServerStep>>>>

/** RFC 3261 §17.2.1; the repetition of a 2xx (§13.3.1.4), which is its user's there, is done here too. */
export const inviteServer: ServerTable = {
  proceeding: {
    request: ['proceeding', 'send'],
    provisional: ['proceeding', 'send'],
    success: ['accepted', 'send'],
    failure: ['completed', 'send'],
  },
  accepted: {
    'resend-due': ['accepted', 'send'],
    ack: ['confirmed', 'acked'],
    expired: ['terminated', 'no-ack'],
  },
  completed: {
    request: ['completed', 'send'],
    'resend-due': ['completed', 'send'],
    ack: ['confirmed', 'acked'],
    expired: ['terminated', 'no-ack'],
  },
  confirmed: { expired: ['terminated'] },
  terminated: {},
}

/** RFC 3261 §17.2.2. */
export const nonInviteServer: ServerTable = {
  proceeding: {
    request: ['proceeding', 'send'],
    provisional: ['proceeding', 'send'],
    success: ['completed', 'send'],
    failure: ['completed', 'send'],
  },
  accepted: {},
  completed: { request: ['completed', 'send'], expired: ['terminated'] },
  confirmed: {},
  terminated: {},
}

export interface ServerContext {
  readonly reliable: boolean
  readonly timers: SipTimers
  readonly flow: Flow
  readonly send: (response: SipResponse) => void
  readonly onAccepted: () => void
  readonly onTerminated: () => void
}

export class ServerTransaction {
  /** A CANCEL of this INVITE came and got its 200; the answer to the INVITE is the user's. */
  onCancel: (cancel: SipRequest) => void = () => undefined
  /** The ACK of the final response came: for a 2xx it may carry an answer. */
  onAck: (ack: SipRequest) => void = () => undefined
  /** The final response went unacknowledged for 64·T1. */
  onNoAck: () => void = () => undefined

  #state: ServerState = 'proceeding'
  #last: SipResponse | undefined
  readonly #table: ServerTable
  readonly #clock = new StateClock(
    () => this.#step('resend-due'),
    () => this.#step('expired'),
  )

  constructor(
    readonly request: SipRequest,
    private readonly context: ServerContext,
  ) {
    this.#table = request.method === 'INVITE' ? inviteServer : nonInviteServer
  }

  get state(): ServerState {
    return this.#state
  }

  /** Where the request came from. */
  get flow(): Flow {
    return this.context.flow
  }

  /** Whether a final response may still be sent. */
  get pending(): boolean {
    return this.#state === 'proceeding'
  }

  /** The response as sent. Throws where a final one was sent already: that is a fault of the script. */
  respond(status: number, options: ResponseOptions = {}): SipResponse {
    if (!this.pending) throw new Error(`${this.request.method} has its final response already`)
    const response = responseTo(this.request, status, options)
    this.#last = response
    this.#step(status < 200 ? 'provisional' : status < 300 ? 'success' : 'failure')
    return response
  }

  receiveAgain(): void {
    this.#step('request')
  }

  receiveAck(ack: SipRequest): void {
    this.#step('ack', ack)
  }

  /** Sends the last response once more, as the retransmission of a reliable provisional does. */
  repeat(): void {
    if (this.#last !== undefined) this.context.send(this.#last)
  }

  stop(): void {
    this.#clock.stop()
    this.#state = 'terminated'
    this.context.onTerminated()
  }

  #step(input: ServerInput, ack?: SipRequest): void {
    const step = this.#table[this.#state][input]
    if (step === undefined) return
    const [state, ...actions] = step
    const entered = state !== this.#state
    this.#state = state
    if (entered) this.#clock.enter(this.#timersOf(state))
    if (entered && state === 'accepted') this.context.onAccepted()
    for (const action of actions) this.#perform(action, ack)
    if (state === 'terminated') this.context.onTerminated()
  }

  #perform(action: ServerAction, ack: SipRequest | undefined): void {
    switch (action) {
      case 'send':
        return this.repeat()
      case 'acked':
        if (ack !== undefined) this.onAck(ack)
        return
      case 'no-ack':
        return this.onNoAck()
      default:
        return action satisfies never
    }
  }

  #timersOf(state: ServerState): StateTimers {
    const { reliable, timers } = this.context
    const { t1, t2, t4 } = timers
    const invite = this.request.method === 'INVITE'
    switch (state) {
      case 'proceeding':
        return {}
      case 'accepted': // over every transport: a hop further on may be UDP
        return { resendMs: t1, resendCapMs: t2, expireMs: 64 * t1 }
      case 'completed': // G and H, J
        if (!invite) return { expireMs: reliable ? 0 : 64 * t1 }
        return { expireMs: 64 * t1, ...(reliable ? {} : { resendMs: t1, resendCapMs: t2 }) }
      case 'confirmed': // I
        return { expireMs: reliable ? 0 : t4 }
      case 'terminated':
        return {}
      default:
        return state satisfies never
    }
  }
}
