import type {
  ClientAddress,
  ClientMessage,
  ClientMessageStore,
  NewClientMessage,
  Numbered,
  OpenedChannel,
  QueueLimits,
  QueueState,
} from '../../src/ports/client-messages.js'
import type { Invitation, InvitationStore } from '../../src/ports/invitations.js'
import type { Device } from '../../src/ports/store.js'

interface Queue {
  readonly address: ClientAddress
  user: string | null
  last: number
  acked: number
  lost: number
  channels: number
  /** The open channel, and the life of the server that has it. */
  channel: { readonly id: string; readonly life: object } | null
  seenAt: number
  messages: (ClientMessage & { readonly expiresAt: number })[]
}

/** What outlives a life of the server. */
export interface ClientData {
  readonly queues: Map<string, Queue>
  readonly invitations: Map<string, { readonly invitation: Invitation; readonly version: number }>
}

export function emptyClientData(): ClientData {
  return { queues: new Map(), invitations: new Map() }
}

/** The part of the store's contract that is about clients and invitations, in memory. */
export abstract class FakeClientStore implements ClientMessageStore, InvitationStore {
  readonly #data: ClientData
  readonly #devices: ReadonlyMap<string, Device>

  constructor(data: ClientData, devices: ReadonlyMap<string, Device>) {
    this.#data = data
    this.#devices = devices
  }

  protected abstract enter(method: keyof ClientMessageStore | keyof InvitationStore): Promise<void>

  async putMessages(
    messages: readonly NewClientMessage[],
    limits: QueueLimits,
  ): Promise<readonly Numbered[]> {
    await this.enter('putMessages')
    return this.#putAll(messages, limits)
  }

  async putToOpenChannels(
    device: string,
    body: string,
    expiresAt: number,
    limits: QueueLimits,
  ): Promise<readonly Numbered[]> {
    await this.enter('putToOpenChannels')
    const open = this.#on(device).filter(({ channel }) => channel?.life === this)
    return open.map((queue) => append(queue, body, expiresAt, limits))
  }

  async putToDevice(
    device: string,
    body: string,
    times: { readonly seenSince: number; readonly expiresAt: number },
    limits: QueueLimits,
  ): Promise<readonly Numbered[]> {
    await this.enter('putToDevice')
    const known = this.#on(device).filter(({ seenAt }) => seenAt >= times.seenSince)
    return known.map((queue) => append(queue, body, times.expiresAt, limits))
  }

  async messagesAfter(
    address: ClientAddress,
    after: number,
    now: number,
    limit: number,
  ): Promise<readonly ClientMessage[]> {
    await this.enter('messagesAfter')
    const messages = this.#data.queues.get(keyOf(address))?.messages ?? []
    return messages
      .filter(({ seq, expiresAt }) => seq > after && expiresAt > now)
      .slice(0, limit)
      .map(({ seq, body }) => ({ seq, body }))
  }

  async acknowledge(address: ClientAddress, upTo: number): Promise<void> {
    await this.enter('acknowledge')
    const queue = this.#data.queues.get(keyOf(address))
    if (!queue) return
    queue.acked = Math.max(queue.acked, Math.min(queue.last, upTo))
    queue.messages = queue.messages.filter(({ seq }) => seq > queue.acked)
  }

  async greet(
    { address, user }: Omit<OpenedChannel, 'channel'>,
    now: number,
    channel: string | null,
  ): Promise<QueueState> {
    await this.enter('greet')
    const queue = this.#queue(address)
    const { last, acked, lost } = queue
    if (channel !== null) queue.channels += 1
    queue.user = user
    queue.seenAt = now
    queue.lost = 0
    if (channel !== null) queue.channel = { id: channel, life: this }
    return { last, acked, lost, channels: queue.channels }
  }

  async closeChannel(address: ClientAddress, channel: string, now: number): Promise<void> {
    await this.enter('closeChannel')
    const queue = this.#data.queues.get(keyOf(address))
    if (queue?.channel?.id !== channel) return
    queue.channel = null
    queue.seenAt = now
  }

  async awaySince(address: ClientAddress): Promise<number | null> {
    await this.enter('awaySince')
    const queue = this.#data.queues.get(keyOf(address))
    return queue?.channel?.life === this ? null : (queue?.seenAt ?? 0)
  }

  async dropOldMessages(now: number, seenBefore: number): Promise<void> {
    await this.enter('dropOldMessages')
    for (const [key, queue] of this.#data.queues) {
      queue.messages = queue.messages.filter(({ expiresAt }) => expiresAt > now)
      if (queue.seenAt < seenBefore && queue.messages.length === 0) this.#data.queues.delete(key)
    }
  }

  async invitation(id: string): Promise<{ invitation: Invitation; version: number } | null> {
    await this.enter('invitation')
    return structuredClone(this.#data.invitations.get(id) ?? null)
  }

  async putInvitation(
    invitation: Invitation,
    version: number | null,
    messages: readonly NewClientMessage[],
    limits: QueueLimits,
  ): Promise<readonly Numbered[] | null> {
    await this.enter('putInvitation')
    const there = this.#data.invitations.get(invitation.id)?.version ?? null
    if (there !== version) return null
    this.#data.invitations.set(invitation.id, structuredClone({ invitation, version: (version ?? 0) + 1 }))
    return this.#putAll(messages, limits)
  }

  async countOpenInvitations(client: string): Promise<number> {
    await this.enter('countOpenInvitations')
    return this.#open().filter(({ initiator }) => initiator.client === client).length
  }

  async dueInvitations(now: number, limit: number): Promise<readonly string[]> {
    await this.enter('dueInvitations')
    const due = this.#open().filter(({ expiresAt }) => expiresAt <= now)
    return due.slice(0, limit).map(({ id }) => id)
  }

  async nextInvitationExpiry(): Promise<number | null> {
    await this.enter('nextInvitationExpiry')
    return this.#open()[0]?.expiresAt ?? null
  }

  async dropInvitations(expiredBefore: number): Promise<void> {
    await this.enter('dropInvitations')
    for (const [id, { invitation }] of this.#data.invitations) {
      if (invitation.expiresAt < expiredBefore) this.#data.invitations.delete(id)
    }
  }

  #open(): Invitation[] {
    return [...this.#data.invitations.values()]
      .map(({ invitation }) => invitation)
      .filter(({ phase }) => phase === 'open')
      .sort((a, b) => a.expiresAt - b.expiresAt)
  }

  #putAll(messages: readonly NewClientMessage[], limits: QueueLimits): Numbered[] {
    return messages.map(({ to, body, expiresAt }) => append(this.#queue(to), body, expiresAt, limits))
  }

  #queue(address: ClientAddress): Queue {
    const key = keyOf(address)
    const fresh: Queue = {
      ...{ address, user: null, last: 0, acked: 0, lost: 0, channels: 0 },
      ...{ channel: null, seenAt: 0, messages: [] },
    }
    const queue = this.#data.queues.get(key) ?? fresh
    this.#data.queues.set(key, queue)
    return queue
  }

  #on(device: string): Queue[] {
    const user = this.#devices.get(device)?.user
    return [...this.#data.queues.values()].filter(
      (queue) => queue.address.device === device && user !== undefined && queue.user === user,
    )
  }
}

function append(queue: Queue, body: string, expiresAt: number, limits: QueueLimits): Numbered {
  queue.last += 1
  queue.messages.push({ seq: queue.last, body, expiresAt })
  const bytes = () => queue.messages.reduce((sum, message) => sum + Buffer.byteLength(message.body), 0)
  while (queue.messages.length > limits.messages || bytes() > limits.bytes) {
    queue.messages.shift()
    queue.lost += 1
  }
  return { to: queue.address, seq: queue.last }
}

function keyOf({ client, device }: ClientAddress): string {
  return JSON.stringify([client, device])
}
