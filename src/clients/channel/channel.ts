import type { ClientMessageStore, QueueState } from '../../ports/client-messages.js'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import type { PresenceControl } from '../../ports/presence.js'
import type { DeviceStore } from '../../ports/store.js'
import { StoreUnavailable } from '../../ports/store.js'
import type { Revocable } from '../tokens/revocations.js'
import type { Tokens } from '../tokens/tokens.js'
import {
  type ClientRequest,
  type Hello,
  type Parsed,
  parseClientMessage,
  type Ref,
} from './client-message.js'
import type { CloseCause } from './close-cause.js'
import { type ChannelIdentity, identify, type NotGreeted, sameAddress } from './identity.js'
import type { ChannelLimits } from './limits.js'
import { Outflow } from './outflow.js'
import { isPresenceRequest, PresenceFlow, type PresenceRequest } from './presence-flow.js'
import { problem } from './problems.js'
import type { Outcome } from './requests.js'
import type { Unnumbered } from './server-message.js'
import type { ChannelPeer, ChannelSocket } from './socket.js'

export interface ChannelDeps {
  readonly store: Pick<ClientMessageStore, 'messagesAfter' | 'acknowledge' | 'greet' | 'closeChannel'> &
    Pick<DeviceStore, 'device' | 'setCallsIn'>
  readonly tokens: Pick<Tokens, 'verifyClient'>
  readonly clock: Clock
  readonly log: Log
  readonly limits: ChannelLimits
  /** Whether a token is good no more that was when it was shown. */
  revoked(token: Revocable): boolean
  /** Without it nothing is said of presence. */
  readonly presence?: PresenceControl
  perform(who: ChannelIdentity, request: Exclude<ClientRequest, PresenceRequest>): Promise<Outcome>
  /** It is the newest channel of its client from now on. */
  opened(channel: Channel, who: ChannelIdentity): void
  acknowledged(channel: Channel, who: ChannelIdentity, upTo: number): void
  /** Nothing comes from it any more. `last`: what it still writes. */
  closed(channel: Channel, last: Promise<void>): void
}

/**
 *   greeting --hello--> open --+--> closed
 *       +----------------------+
 * Closed by either side, for a cause of CloseCause, or because the connection is gone.
 */
type Phase =
  | { readonly name: 'greeting' }
  | {
      readonly name: 'open'
      who: ChannelIdentity
      readonly out: Outflow
      readonly nth: number
      readonly presence: PresenceFlow | null
    }
  | { readonly name: 'closed' }

/** The server's end of one WebSocket of a client. Requests are done one after another; pings and acks at once. */
export class Channel implements ChannelPeer {
  #phase: Phase = { name: 'greeting' }
  readonly #inbox: Parsed[] = []
  #working = false
  #paused = false
  #heard = true
  #stopTick: () => void
  #stopExpiry: () => void = () => undefined
  #acks: Promise<void> = Promise.resolve()
  #ackWaits = false

  /** @param id of this channel, and of no other on any node */
  constructor(
    readonly id: string,
    private readonly socket: ChannelSocket,
    private readonly deps: ChannelDeps,
  ) {
    const { clock, limits } = deps
    this.#stopTick = clock.after(limits.helloMs, () => this.close('no-hello'))
  }

  /** How many channels of the client there were with this one; 0 where it is not open. */
  get nth(): number {
    return this.#phase.name === 'open' ? this.#phase.nth : 0
  }

  get open(): boolean {
    return this.#phase.name === 'open'
  }

  /** Up to where the client has said that it has its messages. */
  get acked(): number {
    return this.#phase.name === 'open' ? this.#phase.out.acked : 0
  }

  /** There may be messages for the client. */
  wake(): void {
    if (this.#phase.name === 'open') this.#phase.out.wake()
  }

  /** Some tokens were revoked. */
  recheck(): void {
    if (this.#phase.name === 'open' && this.deps.revoked(this.#phase.who.token)) this.close('bad-token')
  }

  received(text: string | null): void {
    if (this.#phase.name === 'closed') return
    this.#heard = true
    const message = text === null ? null : parseClientMessage(text)
    if (message === null) return this.close('protocol-error')
    if (this.#phase.name === 'open' && this.#handledAtOnce(this.#phase, message)) return
    // What comes right behind the hello waits for it.
    if (this.#phase.name === 'greeting' && !this.#working && message.type !== 'hello') {
      return this.close('protocol-error')
    }
    this.#inbox.push(message)
    if (this.#inbox.length >= this.deps.limits.requests && !this.#paused) {
      this.#paused = true
      this.socket.pause()
    }
    if (!this.#working) void this.#work()
  }

  pong(): void {
    this.#heard = true
  }

  closed(): void {
    this.#end()
  }

  /** Idempotent. */
  close(cause: CloseCause): void {
    if (this.#phase.name === 'closed') return
    const client = this.#phase.name === 'open' ? this.#phase.who.address : {}
    this.deps.log.debug({ ...client, cause }, 'client channel closed')
    this.socket.close(cause)
    this.#end()
  }

  #end(): void {
    const phase = this.#phase
    if (phase.name === 'closed') return
    this.#phase = { name: 'closed' }
    this.#inbox.length = 0
    this.#stopTick()
    this.#stopExpiry()
    if (phase.name === 'greeting') return this.deps.closed(this, Promise.resolve())
    phase.out.stop()
    phase.presence?.close()
    this.deps.closed(
      this,
      this.#acks.then(() => this.#leave(phase.who)),
    )
  }

  async #leave({ address }: ChannelIdentity): Promise<void> {
    try {
      await this.deps.store.closeChannel(address, this.id, this.deps.clock.now())
    } catch (error) {
      // It counts as open until the client comes again, or this node is gone: offers take their time in vain.
      this.deps.log.warn({ err: error, client: address.client }, 'a closed channel could not be noted')
    }
  }

  #handledAtOnce(phase: Extract<Phase, { name: 'open' }>, message: Parsed): boolean {
    switch (message.type) {
      case 'ping':
        this.#send({ type: 'pong', ...refOf(message.ref) })
        return true
      case 'ack':
        if (phase.out.acknowledge(message.upTo)) {
          this.deps.acknowledged(this, phase.who, message.upTo)
          this.#storeAck(phase)
        }
        return true
      default:
        return false
    }
  }

  /** One write at a time; what is acknowledged meanwhile is the next. */
  #storeAck({ who, out }: Extract<Phase, { name: 'open' }>): void {
    if (this.#ackWaits) return
    this.#ackWaits = true
    this.#acks = this.#acks.then(async () => {
      this.#ackWaits = false
      try {
        await this.deps.store.acknowledge(who.address, out.acked)
      } catch (error) {
        // The next acknowledgement says it again, and so does `resume`.
        this.deps.log.warn({ err: error, client: who.address.client }, 'an acknowledgement was not written')
      }
    })
  }

  async #work(): Promise<void> {
    this.#working = true
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
      await this.#handle(next)
      if (this.#paused && this.#inbox.length < this.deps.limits.requests / 2) {
        this.#paused = false
        this.socket.resume()
      }
    }
    this.#working = false
  }

  /** Never rejects. */
  async #handle(message: Parsed): Promise<void> {
    const phase = this.#phase
    if (phase.name === 'closed') return
    if (message.type === 'hello') return this.#greeted(message)
    if (phase.name === 'greeting') return this.close('protocol-error')
    // It may have come before the welcome.
    if (this.#handledAtOnce(phase, message)) return
    if (message.type === 'invalid') {
      return this.#answer(message.ref, problem('bad-request', message.detail))
    }
    if (message.type === 'ping' || message.type === 'ack') return
    try {
      this.#answer(message.ref, await this.#perform(phase, message))
    } catch (error) {
      this.#answer(message.ref, this.#failed(error, message.type))
    }
  }

  #perform({ who, presence }: Extract<Phase, { name: 'open' }>, request: ClientRequest): Promise<Outcome> {
    if (!isPresenceRequest(request)) return this.deps.perform(who, request)
    if (presence === null) return Promise.resolve(problem('not-found', 'There is no presence here.'))
    return presence.perform(who, request)
  }

  #failed(error: unknown, request: string): Outcome {
    const away = error instanceof StoreUnavailable
    if (away) this.deps.log.warn({ err: error, request }, 'the database is away')
    else this.deps.log.error({ err: error, request }, 'a request on a client channel failed')
    return away
      ? problem('unavailable', 'The database is away.')
      : problem('internal', 'A fault of the server.')
  }

  #answer(ref: Ref, outcome: Outcome): void {
    this.#send({ type: 'result', ...refOf(ref), ...outcome })
  }

  async #greeted(hello: Hello): Promise<void> {
    const { store, tokens, log } = this.deps
    try {
      const who = await identify(hello, tokens, store)
      if (!('cause' in who)) await this.#deliverAs(who, hello)
      if (this.#phase.name === 'closed') return
      if ('cause' in who) return this.#sendAway(hello, who)
      if (this.#phase.name === 'open') this.#renew(this.#phase, who)
      else await this.#open(who, hello.resume)
    } catch (error) {
      if (error instanceof StoreUnavailable) log.warn({ err: error }, 'a client cannot be greeted')
      else log.error({ err: error }, 'a client cannot be greeted')
      this.close('unavailable')
    }
  }

  async #deliverAs({ address, user }: ChannelIdentity, { delivery }: Hello): Promise<void> {
    if (delivery === undefined || address.device === null) return
    await this.deps.store.setCallsIn(address.device, user, delivery === 'call-in')
  }

  #sendAway({ ref }: Hello, { cause, problem }: NotGreeted): void {
    this.#answer(ref, { ok: false, problem })
    this.close(cause)
  }

  async #open(who: ChannelIdentity, resume: number | undefined): Promise<void> {
    const { store, clock } = this.deps
    const queue = await store.greet(who, clock.now(), this.id)
    // A number from before the queue was made anew says nothing.
    const from = resume !== undefined && resume <= queue.last ? resume : queue.acked
    if (from > queue.acked) await store.acknowledge(who.address, from)
    // It was closed meanwhile.
    if (this.#phase.name !== 'greeting') return this.#leave(who)
    this.#begin(who, queue, from)
  }

  #begin(who: ChannelIdentity, { last, lost, channels }: QueueState, from: number): void {
    const { clock, limits, log, store } = this.deps
    const fail = (cause: CloseCause): void => this.close(cause)
    const { address } = who
    const out = new Outflow({ socket: this.socket, address, from, store, clock, log, limits, fail })
    const presence = this.#presenceFlow()
    this.#phase = { name: 'open', who, out, nth: channels, presence }
    this.deps.presence?.present(who.user)
    this.#stopTick()
    this.#stopTick = clock.after(limits.pingMs, () => this.#tick())
    this.deps.opened(this, who)
    if (!this.open) return
    this.#welcome(who, { last, from, lost })
    this.#watchExpiry(who)
    out.wake()
    // It may have been since it was looked at.
    this.recheck()
  }

  #presenceFlow(): PresenceFlow | null {
    const { presence, limits } = this.deps
    if (presence === undefined) return null
    return new PresenceFlow({ presence, socket: this.socket, buffered: limits.buffered })
  }

  /** A newer token of the same client takes the place of the one before. */
  #renew(phase: Extract<Phase, { name: 'open' }>, who: ChannelIdentity): void {
    if (!sameAddress(who.address, phase.who.address) || who.user !== phase.who.user) {
      return this.close('not-allowed')
    }
    phase.who = who
    phase.presence?.recheck(who)
    this.#welcome(who, { last: phase.out.sent, from: phase.out.sent, lost: 0 })
    this.#watchExpiry(who)
    this.recheck()
  }

  #welcome(
    { address: { client, device } }: ChannelIdentity,
    numbers: Omit<QueueState, 'acked' | 'channels'> & { from: number },
  ): void {
    this.#send({ type: 'welcome', client, ...(device === null ? {} : { device }), ...numbers })
  }

  #tick(): void {
    if (this.#phase.name !== 'open') return
    // While its requests are not read it cannot be heard.
    if (!this.#heard && !this.#paused) return this.close('silent')
    this.#heard = false
    this.socket.ping()
    this.deps.presence?.present(this.#phase.who.user)
    // Should a word of the bus have been lost.
    this.#phase.out.wake()
    this.#watchExpiry(this.#phase.who)
    this.#stopTick = this.deps.clock.after(this.deps.limits.pingMs, () => this.#tick())
  }

  /** A timer cannot wait for months: it is set when the end is near. */
  #watchExpiry({ expiresAt }: ChannelIdentity): void {
    const { clock, limits } = this.deps
    this.#stopExpiry()
    const remaining = Math.ceil((expiresAt - clock.now()) / 1000)
    if (remaining > 2 * limits.pingMs) return
    this.#stopExpiry = clock.after(Math.max(0, remaining), () => this.close('token-expired'))
  }

  #send(message: Unnumbered): void {
    if (this.#phase.name === 'closed') return
    const { limits } = this.deps
    // Who asks on without reading the answers.
    if (this.socket.buffered > 16 * limits.buffered) return this.close('too-slow')
    // A connection that is gone says so itself.
    this.socket.send(JSON.stringify(message)).catch(() => undefined)
  }
}

function refOf(ref: Ref): { readonly ref?: NonNullable<Ref> } {
  return ref === undefined ? {} : { ref }
}
