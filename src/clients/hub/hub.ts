import { randomUUID } from 'node:crypto'
import type { Bus, BusMessage } from '../../ports/bus.js'
import type { CallControl } from '../../ports/call-control.js'
import type { ClientCalls, ToldCaller } from '../../ports/client-calls.js'
import type {
  ClientAddress,
  ClientMessage,
  ClientMessageStore,
  Numbered,
} from '../../ports/client-messages.js'
import type { Clock } from '../../ports/clock.js'
import type { InvitationControl } from '../../ports/invitation-control.js'
import type { ToldInvited } from '../../ports/invitation-messages.js'
import type { ToldPrimary } from '../../ports/primary-calls.js'
import type { Log } from '../../ports/log.js'
import type { PresenceControl } from '../../ports/presence.js'
import type { DeviceStore } from '../../ports/store.js'
import { Channel } from '../channel/channel.js'
import { channelAddress, type ChannelIdentity } from '../channel/identity.js'
import { CHANNEL_LIMITS, type ChannelLimits, QUEUE_LIMITS } from '../channel/limits.js'
import { perform } from '../channel/requests.js'
import type { ChannelPeer, ChannelSocket } from '../channel/socket.js'
import type { ClientHub, Polled, PollingClient, PollRefusal, PollRequest } from './client-hub.js'
import type { Revocations } from '../tokens/revocations.js'
import type { Tokens } from '../tokens/tokens.js'
import { keyOf, Offers } from './offers.js'
import { Polls } from './polls.js'

/** How long a device may take to say that it has what it was offered, ms, before it is pushed instead. */
const OFFER_MS = 300
/** How long the ending of a call is kept for a channel that comes back, µs. */
const ENDING_US = 600_000_000
/** A client that was not there for so long is not told of endings, µs: a day. */
const AWAY_US = 86_400_000_000
/** A client that was not there for so long begins anew, µs: 90 days. */
const FORGET_US = 90 * AWAY_US
/** Connections that may wait for their hello: who they are is not known. */
const MOST_GREETING = 1000
/** Messages of one answer to a poll. */
const POLL_PAGE = 100

export interface HubDeps {
  readonly store: ClientMessageStore & Pick<DeviceStore, 'device' | 'setCallsIn'>
  readonly bus: Bus
  readonly tokens: Pick<Tokens, 'verifyCall' | 'verifyClient' | 'verifyInvitation'>
  /** Without it no token is ever revoked. */
  readonly revocations?: Pick<Revocations, 'revoked' | 'subscribe'>
  readonly calls: CallControl
  readonly invitations: InvitationControl
  readonly clientCalls: ClientCalls
  /** Without it nothing is said of presence. */
  readonly presence?: PresenceControl
  readonly clock: Clock
  readonly log: Log
  readonly limits?: ChannelLimits
  readonly ids?: () => string
}

export function createClientHub(deps: HubDeps): ClientHub {
  return new Hub(deps)
}

class Hub implements ClientHub {
  /** The newest channel of each client on this node. */
  readonly #channels = new Map<string, Channel>()
  readonly #all = new Set<Channel>()
  readonly #keys = new Map<Channel, string>()
  /** Of a client: numbers of messages that some node waits to hear the receipt of. */
  readonly #awaited = new Map<Channel, number[]>()
  readonly #leaving = new Set<Promise<void>>()
  readonly #offers: Offers
  readonly #polls: Polls
  readonly #unsubscribe: () => void
  #draining = false

  constructor(private readonly deps: HubDeps) {
    this.#offers = new Offers(deps.clock)
    this.#polls = new Polls(deps.clock)
    const ends = [
      deps.bus.subscribe((message) => this.#hear(message)),
      deps.revocations?.subscribe(() => this.#recheck()),
    ]
    this.#unsubscribe = () => ends.forEach((end) => end?.())
  }

  offerCall(
    deviceId: string,
    payload: Readonly<Record<string, unknown>>,
    expiresAt: number,
  ): Promise<'taken' | 'no-channel'> {
    const expires = new Date(expiresAt / 1000)
    const message = {
      ...payload,
      type: 'incoming-call',
      expiresAt: expires.toISOString(),
      expiresAtMs: expires.getTime(),
    }
    return this.#offer(deviceId, message, expiresAt)
  }

  offer(
    deviceId: string,
    message: ToldInvited | ToldPrimary,
    expiresAt: number,
  ): Promise<'taken' | 'no-channel'> {
    return this.#offer(deviceId, message, expiresAt)
  }

  async tell(to: ClientAddress, message: ToldCaller, expiresAt: number): Promise<void> {
    const body = JSON.stringify(message)
    this.#announce(await this.deps.store.putMessages([{ to, body, expiresAt }], QUEUE_LIMITS))
  }

  async tellEnding(deviceId: string, payload: Readonly<Record<string, unknown>>): Promise<void> {
    const { store, clock, log } = this.deps
    const now = clock.now()
    try {
      const body = JSON.stringify({ ...payload, type: 'ended' })
      const times = { seenSince: now - AWAY_US, expiresAt: now + ENDING_US }
      this.#announce(await store.putToDevice(deviceId, body, times, QUEUE_LIMITS))
    } catch (error) {
      log.warn({ err: error, deviceId }, 'the ending of a call could not be kept for a device')
    }
  }

  connect(socket: ChannelSocket): ChannelPeer | null {
    const { clock, log, store, tokens, limits = CHANNEL_LIMITS } = this.deps
    if (this.#draining || this.#all.size - this.#channels.size >= MOST_GREETING) return null
    const channel = new Channel((this.deps.ids ?? randomUUID)(), socket, {
      ...{ clock, log, store, tokens, limits },
      revoked: (token) => this.deps.revocations?.revoked(token) ?? false,
      ...(this.deps.presence === undefined ? {} : { presence: this.deps.presence }),
      perform: (who, request) => perform(who, request, this.deps),
      opened: (one, who) => this.#opened(one, who),
      acknowledged: (one, who, upTo) => this.#acknowledged(one, who, upTo),
      closed: (one, last) => this.#closed(one, last),
    })
    this.#all.add(channel)
    return channel
  }

  async poll(
    client: PollingClient,
    request: PollRequest,
    signal: AbortSignal,
  ): Promise<Polled | PollRefusal> {
    const { store, clock } = this.deps
    const address = await channelAddress(client, request.device, store)
    if (typeof address === 'string') return address
    const { acked, last, lost } = await store.greet({ address, user: client.user }, clock.now(), null)
    const { after } = request
    const from = after !== undefined && after <= last ? after : acked
    if (from > acked) await store.acknowledge(address, from)
    const look = (): Promise<readonly ClientMessage[]> =>
      store.messagesAfter(address, from, clock.now(), POLL_PAGE)
    // Before the first look: what comes between the two is not missed.
    const wait = this.#polls.wait(keyOf(address), this.#draining ? 0 : request.waitMs, signal)
    try {
      const messages = await look()
      if (messages.length > 0 || lost > 0) return { messages, lost }
      await wait.done
      return { messages: await look(), lost }
    } finally {
      wait.stop()
    }
  }

  get gauges(): ClientHub['gauges'] {
    const channels = this.#channels.size
    return { channels, greeting: this.#all.size - channels, polls: this.#polls.size }
  }

  forget(): Promise<void> {
    const now = this.deps.clock.now()
    return this.deps.store.dropOldMessages(now, now - FORGET_US)
  }

  drain(): void {
    this.#draining = true
    for (const channel of [...this.#all]) channel.close('draining')
    this.#polls.wakeAll()
  }

  async close(): Promise<void> {
    this.drain()
    this.#unsubscribe()
    while (this.#leaving.size > 0) await Promise.all(this.#leaving)
  }

  async #offer(deviceId: string, message: object, expiresAt: number): Promise<'taken' | 'no-channel'> {
    const { store, log } = this.deps
    try {
      const body = JSON.stringify(message)
      const offered = await store.putToOpenChannels(deviceId, body, expiresAt, QUEUE_LIMITS)
      if (offered.length === 0) return 'no-channel'
      const taken = this.#offers.wait(offered, OFFER_MS)
      this.#announce(offered, true)
      return (await taken) ? 'taken' : 'no-channel'
    } catch (error) {
      log.warn({ err: error, deviceId }, 'a device could not be told by its channel')
      return 'no-channel'
    }
  }

  #announce(numbered: readonly Numbered[], offered = false): void {
    for (const { to, seq } of numbered) {
      this.#publish({ type: 'client-message', to, ...(offered ? { offered: seq } : {}) })
    }
  }

  #publish(message: BusMessage): void {
    this.deps.bus.publish(message).catch((error: unknown) => {
      // Channels look for themselves at every ping.
      this.deps.log.warn({ err: error, type: message.type }, 'other nodes were not told of a client')
    })
  }

  #hear(message: BusMessage): void {
    switch (message.type) {
      case 'client-message':
        return this.#wake(message.to, message.offered)
      case 'client-acked':
        return this.#offers.acknowledged(message.by, message.upTo)
      case 'client-channel':
        return this.#replaced(message.of, message.nth)
      default:
    }
  }

  #recheck(): void {
    for (const channel of [...this.#all]) channel.recheck()
  }

  #wake(to: ClientAddress, offered: number | undefined): void {
    const key = keyOf(to)
    this.#polls.wake(key)
    const channel = this.#channels.get(key)
    if (channel === undefined) return
    if (offered !== undefined) {
      // Another word may have led the channel to it before.
      if (channel.acked >= offered) this.#publish({ type: 'client-acked', by: to, upTo: channel.acked })
      else this.#awaited.set(channel, [...(this.#awaited.get(channel) ?? []), offered])
    }
    channel.wake()
  }

  #replaced(of: ClientAddress, nth: number): void {
    const channel = this.#channels.get(keyOf(of))
    if (channel !== undefined && channel.nth < nth) channel.close('replaced')
  }

  #opened(channel: Channel, { address }: ChannelIdentity): void {
    const key = keyOf(address)
    const before = this.#channels.get(key)
    // Of two that are greeted at once, the later one may be here first.
    if (before !== undefined && before.nth > channel.nth) return channel.close('replaced')
    this.#keys.set(channel, key)
    this.#channels.set(key, channel)
    before?.close('replaced')
    this.#publish({ type: 'client-channel', of: address, nth: channel.nth })
  }

  #acknowledged(channel: Channel, { address }: ChannelIdentity, upTo: number): void {
    const awaited = this.#awaited.get(channel)
    if (awaited === undefined || !awaited.some((seq) => seq <= upTo)) return
    const rest = awaited.filter((seq) => seq > upTo)
    if (rest.length > 0) this.#awaited.set(channel, rest)
    else this.#awaited.delete(channel)
    this.#publish({ type: 'client-acked', by: address, upTo })
  }

  #closed(channel: Channel, last: Promise<void>): void {
    this.#all.delete(channel)
    this.#awaited.delete(channel)
    const key = this.#keys.get(channel)
    this.#keys.delete(channel)
    if (key !== undefined && this.#channels.get(key) === channel) this.#channels.delete(key)
    const leaving = last.finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }
}
