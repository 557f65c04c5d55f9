import type { Ending } from '../call/ending.js'
import type { BusMessage } from '../ports/bus.js'
import type {
  CallerCommand,
  CallerDone,
  CallerRefusal,
  CallingRefusal,
  ChannelCaller,
  ChannelCallRequest,
  ClientCalls,
  ToldCaller,
} from '../ports/client-calls.js'
import type { ClientAddress } from '../ports/client-messages.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import { MediaError } from '../ports/media.js'
import { type IncomingCall, SipFailure } from '../ports/signaling.js'
import { ChannelCall, type Untold } from './channel-call.js'
import type { Outgoing, Permitted } from './outgoing.js'
import { refuse } from './refusal.js'
import { RemoteCallers, type RemoteCallersDeps } from './remote-callers.js'

/** A client that has no channel for so long does not come back to its call, µs. */
const AWAY_US = 60_000_000
/** How long what is told of a call is kept for a client that is away, µs. */
const TOLD_US = 600_000_000

export interface ChannelCallsDeps extends Omit<RemoteCallersDeps, 'answer'> {
  readonly outgoing: Pick<Outgoing, 'permit' | 'refused'>
  /** Whether the configuration knows a user of that name, now. */
  readonly isUser: (name: string) => boolean
  /** Begins a permitted call under this id. `over`: told how it ended. What it throws began no call. */
  place(id: string, invite: IncomingCall, permitted: Permitted, over: (ending: Ending) => void): void
  /** New calls are refused. */
  readonly draining: () => boolean
  /** Numbers a message for a client, who gets it now or when it is back. Rejects with StoreUnavailable. */
  tell(to: ClientAddress, message: ToldCaller, expiresAt: number): Promise<void>
  /** Null while the client has a channel; else when it was last seen, µs. Rejects with StoreUnavailable. */
  awaySince(client: ClientAddress): Promise<number | null>
  readonly ids: () => string
  /** Host part of our URIs. */
  readonly domain: string
  /** Other nodes share the clients, and may have their calls. */
  readonly shared: boolean
  readonly clock: Clock
  readonly log: Log
}

interface Live {
  readonly address: ClientAddress
  readonly call: ChannelCall
}

/** Calls that clients make over their channels. */
export class ChannelCalls implements ClientCalls {
  readonly #live = new Map<string, Live>()
  readonly #others: RemoteCallers

  constructor(private readonly deps: ChannelCallsDeps) {
    this.#others = new RemoteCallers({
      ...deps,
      answer: (callId, address, command) => this.#here(callId, address, command),
    })
  }

  /** How many there are on this node. */
  get size(): number {
    return this.#live.size
  }

  call(
    caller: ChannelCaller,
    request: ChannelCallRequest,
  ): Promise<{ kind: 'calling'; callId: string } | CallingRefusal> {
    const { outgoing, draining, isUser } = this.deps
    if (draining()) return Promise.resolve(refuse('unavailable', 'the server is shutting down', 5_000))
    const { user, policy, own } = caller
    const { to, callerId, name = null } = request
    const permitted =
      own || isUser(user)
        ? outgoing.permit({ user, policy, to, callerId, name })
        : outgoing.refused(refuse('grant-missing', `there is no user ${user} any more`), { user, to })
    if (permitted.kind === 'refused') return Promise.resolve(permitted)
    try {
      return Promise.resolve({ kind: 'calling', callId: this.#place(caller, request.sdp, permitted) })
    } catch (error) {
      this.deps.log.error(
        { err: error, client: caller.address.client },
        "a client's call could not be placed",
      )
      return Promise.resolve(refuse('unavailable', 'the call could not be placed'))
    }
  }

  /** Returns the id of the call. */
  #place({ address }: ChannelCaller, offer: string, permitted: Permitted): string {
    const { domain, ids, log } = this.deps
    const callId = ids()
    const telling = new Telling((message) => this.#tell(address, callId, message))
    const uri = `sip:${encodeURIComponent(permitted.called).replace('%2B', '+')}@${domain}`
    const call = new ChannelCall({
      ...{ id: ids(), uri, offer },
      tell: (message) => telling.tell(message),
      vanished: () => this.#vanished(address),
    })
    this.#live.set(callId, { address, call })
    const over = (ending: Ending): void => {
      this.#live.delete(callId)
      telling.tell({ type: 'call-ended', ending }).catch((error: unknown) => {
        log.warn({ err: error, callId, client: address.client }, 'a caller could not be told the end')
      })
    }
    try {
      this.deps.place(callId, call, permitted, over)
    } catch (error) {
      this.#live.delete(callId)
      permitted.done()
      throw error
    }
    return callId
  }

  owns({ address }: Pick<ChannelCaller, 'address'>, callId: string): boolean {
    return this.#of(callId, address) !== undefined
  }

  async command(
    { address }: Pick<ChannelCaller, 'address'>,
    callId: string,
    command: CallerCommand,
  ): Promise<CallerDone | CallerRefusal> {
    const own = this.#here(callId, address, command)
    if (own !== undefined) return own
    const told = this.deps.shared ? await this.#others.ask(callId, address, command) : undefined
    return told ?? { kind: 'refused', why: 'not-found', detail: `the client has no call ${callId}` }
  }

  heard(message: BusMessage): void {
    this.#others.heard(message)
  }

  async #vanished(address: ClientAddress): Promise<boolean> {
    const since = await this.deps.awaySince(address)
    return since !== null && this.deps.clock.now() - since >= AWAY_US
  }

  #of(callId: string, { client, device }: ClientAddress): ChannelCall | undefined {
    const live = this.#live.get(callId)
    return live?.address.client === client && live.address.device === device ? live.call : undefined
  }

  #here(
    callId: string,
    address: ClientAddress,
    command: CallerCommand,
  ): Promise<CallerDone | CallerRefusal> | undefined {
    const call = this.#of(callId, address)
    return call === undefined ? undefined : perform(call, command)
  }

  #tell(address: ClientAddress, callId: string, message: Untold): Promise<void> {
    return this.deps.tell(address, { ...message, callId }, this.deps.clock.now() + TOLD_US)
  }
}

/** What one call tells its client, one message after another. */
class Telling {
  /** The client is to have the result of its request, which names the call, before anything is told of the call. */
  #last: Promise<void> = new Promise((resolve) => setImmediate(resolve))

  constructor(private readonly send: (message: Untold) => Promise<void>) {}

  /** Rejects where the message could not be written; those after it are. */
  tell(message: Untold): Promise<void> {
    const told = this.#last.then(() => this.send(message))
    this.#last = told.catch(() => undefined)
    return told
  }
}

async function perform(call: ChannelCall, command: CallerCommand): Promise<CallerDone | CallerRefusal> {
  try {
    switch (command.op) {
      case 'hang-up':
        call.hangUp()
        return { kind: 'done' }
      case 'reoffer': {
        const sdp = await call.reoffer(command.sdp)
        return sdp === undefined ? NOT_CONNECTED : { kind: 'done', sdp }
      }
      case 'info': {
        const status = await call.info(command.contentType, command.body)
        return status === 200 ? { kind: 'done' } : NOT_CONNECTED
      }
      default:
        return command satisfies never
    }
  } catch (error) {
    const { message: detail } = error instanceof Error ? error : new Error(String(error))
    if (error instanceof SipFailure) return { kind: 'refused', why: 'not-connected', detail }
    if (error instanceof MediaError) return { kind: 'refused', why: 'not-acceptable', detail }
    throw error
  }
}

const NOT_CONNECTED: CallerRefusal = {
  kind: 'refused',
  why: 'not-connected',
  detail: 'nobody has answered the call yet',
}
