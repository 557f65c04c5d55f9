import { randomUUID } from 'node:crypto'
import type { ClientMessageStore, NewClientMessage, Numbered, QueueLimits } from '../ports/client-messages.js'
import type {
  DeviceView,
  InitiatorView,
  InvitationControl,
  InvitationDraft,
  InvitationRefusal,
} from '../ports/invitation-control.js'
import type {
  ConnectionData,
  Initiator,
  Invitation,
  InvitationStore,
  InvitedDevice,
} from '../ports/invitations.js'
import { type DeviceStore, StoreUnavailable } from '../ports/store.js'
import { Deadline } from './deadline.js'
import {
  begin,
  type InvitationEffect,
  type InvitationEvent,
  type Refusal,
  type Step,
  transition,
} from './invitation.js'
import { forInitiator } from './messages.js'
import { Telling, type TellingDeps } from './telling.js'
import { deviceView, initiatorView, notFound, ownedBy, refusalOf, refused } from './views.js'

/** Bytes of JSON that one side may hand to the other. */
const MOST_CONNECTION = 16 * 1024
/** Open invitations of one client. */
const MOST_OPEN = 20
/** Devices of one invitation. */
const MOST_DEVICES = 100
/** How long what the initiator is told is kept beyond the invitation, µs. */
const REMEMBER_US = 3_600_000_000
/** How long an invitation can be asked for when it has expired, µs: a day. */
const KEEP_US = 86_400_000_000
/** Each attempt that fails is another's success. */
const MOST_ATTEMPTS = 20
/** Invitations that are ended at once. */
const PAGE = 100

export interface InvitationsDeps extends Omit<TellingDeps, 'store'> {
  readonly store: InvitationStore & Pick<ClientMessageStore, 'putMessages'> & DeviceStore
  readonly limits: QueueLimits
  readonly ids?: () => string
}

export interface Invitations extends InvitationControl {
  /** Ends invitations when they expire, those too that are older than this process. */
  start(): void
  /** Devices that are being told. */
  readonly pending: number
  /** Deletes what has long been over; to be called now and then. */
  forget(): Promise<void>
  /** Stops telling; resolves when all is quiet. */
  close(): Promise<void>
}

/** @param deps `limits`: of what is kept for a client */
export function createInvitations(deps: InvitationsDeps): Invitations {
  return new Service(deps)
}

class Service implements Invitations {
  readonly #telling: Telling
  readonly #deadline: Deadline
  /** What is under way to an invitation on this node: one thing after another. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(private readonly deps: InvitationsDeps) {
    this.#telling = new Telling(deps)
    const { clock, log, store } = deps
    this.#deadline = new Deadline({
      ...{ clock, log },
      next: () => store.nextInvitationExpiry(),
      expire: (now) => this.#expire(now),
    })
  }

  start(): void {
    this.#deadline.start()
  }

  get pending(): number {
    return this.#telling.pending
  }

  async create(initiator: Initiator, draft: InvitationDraft): Promise<InitiatorView | InvitationRefusal> {
    const { store, clock, limits } = this.deps
    if (sizeOf(draft.connection) > MOST_CONNECTION) return tooLarge()
    if ((await store.countOpenInvitations(initiator.client)) >= MOST_OPEN) {
      return refused('too-many', `The client has ${String(MOST_OPEN)} invitations open.`)
    }
    const endpoints = [...new Set(draft.endpoints)]
    const devices = await this.#devicesOf(endpoints, initiator)
    if (devices.length > MOST_DEVICES) {
      return refused('too-many', `The endpoints have more than ${String(MOST_DEVICES)} devices.`)
    }
    const now = clock.now()
    const step = begin({
      id: (this.deps.ids ?? randomUUID)(),
      ...{ initiator, endpoints, devices, connection: draft.connection, note: draft.note },
      ...{ createdAt: now, expiresAt: now + draft.expiresIn * 1_000_000, phase: 'open' },
    })
    const told = await store.putInvitation(step.invitation, null, this.#messages(step), limits)
    if (told === null) throw new Error('an id was given twice')
    this.#perform(step, told)
    this.#deadline.due(step.invitation.expiresAt)
    return initiatorView(step.invitation)
  }

  async view(id: string, client: string): Promise<InitiatorView | InvitationRefusal> {
    const found = await this.deps.store.invitation(id)
    if (found === null) return notFound(id)
    return ownedBy(found.invitation, client) ?? initiatorView(found.invitation)
  }

  async viewAsDevice(id: string, deviceId: string): Promise<DeviceView | InvitationRefusal> {
    const found = await this.deps.store.invitation(id)
    return found === null ? notFound(id) : deviceView(found.invitation, deviceId)
  }

  async accept(
    id: string,
    device: string,
    connection: ConnectionData,
  ): Promise<DeviceView | InvitationRefusal> {
    if (sizeOf(connection) > MOST_CONNECTION) return tooLarge()
    const done = await this.#apply(id, { type: 'accept', device, connection })
    return 'refused' in done ? refusalOf(done) : deviceView(done, device)
  }

  async decline(id: string, device: string, reason: string | null): Promise<DeviceView | InvitationRefusal> {
    const done = await this.#apply(id, { type: 'decline', device, reason })
    return 'refused' in done ? refusalOf(done) : deviceView(done, device)
  }

  connect(
    id: string,
    client: string,
    devices: readonly string[],
  ): Promise<InitiatorView | InvitationRefusal> {
    return this.#applyAsInitiator(id, client, { type: 'connect', devices })
  }

  cancel(id: string, client: string): Promise<InitiatorView | InvitationRefusal> {
    return this.#applyAsInitiator(id, client, { type: 'cancel' })
  }

  forget(): Promise<void> {
    return this.deps.store.dropInvitations(this.deps.clock.now() - KEEP_US)
  }

  async close(): Promise<void> {
    await this.#deadline.close()
    await this.#telling.close()
    await Promise.allSettled(this.#turns.values())
  }

  async #applyAsInitiator(
    id: string,
    client: string,
    event: InvitationEvent,
  ): Promise<InitiatorView | InvitationRefusal> {
    const done = await this.#apply(id, event, (invitation) => ownedBy(invitation, client))
    if ('kind' in done) return done
    return 'refused' in done ? refusalOf(done) : initiatorView(done)
  }

  #apply(id: string, event: InvitationEvent): Promise<Invitation | Refusal>
  #apply(
    id: string,
    event: InvitationEvent,
    forbids: (invitation: Invitation) => InvitationRefusal | null,
  ): Promise<Invitation | Refusal | InvitationRefusal>
  #apply(
    id: string,
    event: InvitationEvent,
    forbids: (invitation: Invitation) => InvitationRefusal | null = () => null,
  ): Promise<Invitation | Refusal | InvitationRefusal> {
    const before = this.#turns.get(id) ?? Promise.resolve()
    const turn = before
      .catch(() => undefined)
      .then(() => this.#change(id, event, forbids))
      .finally(() => {
        if (this.#turns.get(id) === turn) this.#turns.delete(id)
      })
    this.#turns.set(id, turn)
    return turn
  }

  /** Reads, decides and writes; where another node was faster, once more. */
  async #change(
    id: string,
    event: InvitationEvent,
    forbids: (invitation: Invitation) => InvitationRefusal | null,
  ): Promise<Invitation | Refusal | InvitationRefusal> {
    const { store, limits } = this.deps
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const found = await store.invitation(id)
      if (found === null) return { refused: 'not-found', detail: `There is no invitation ${id}.` }
      const { invitation, version } = found
      const forbidden = forbids(invitation)
      if (forbidden !== null) return forbidden
      // The timer of whoever is to end it may be late.
      const late = invitation.phase === 'open' && this.deps.clock.now() >= invitation.expiresAt
      const step = transition(invitation, late ? { type: 'expire' } : event)
      if ('refused' in step) return step
      if (step.invitation === invitation) return invitation
      const told = await store.putInvitation(step.invitation, version, this.#messages(step), limits)
      if (told === null) continue
      this.#perform(step, told)
      if (!late || event.type === 'expire') return step.invitation
    }
    throw new StoreUnavailable(`invitation ${id} is changed by too many at once`)
  }

  /** What the initiator is told is written with the change itself: as often as that, and never without it. */
  #messages({ invitation, effects }: Step): NewClientMessage[] {
    const { client, device } = invitation.initiator
    const expiresAt = invitation.expiresAt + REMEMBER_US
    return effects
      .map((effect) => forInitiator(invitation, effect))
      .filter((message) => message !== undefined)
      .map((message) => ({ to: { client, device }, body: JSON.stringify(message), expiresAt }))
  }

  #perform({ invitation, effects }: Step, told: readonly Numbered[]): void {
    const [message] = told
    if (message !== undefined) this.#announce(message)
    for (const effect of effects) this.#effect(invitation, effect)
  }

  #effect(invitation: Invitation, effect: InvitationEffect): void {
    const { id } = invitation
    switch (effect.type) {
      case 'invite':
        void this.#invite(invitation, effect.device)
        return
      case 'stop-inviting':
        return this.#telling.stop(invitation, effect.device)
      case 'tell-connected':
        void this.#telling.tellEnd(invitation, effect.device, {
          type: 'invitation-connected',
          invitation: id,
        })
        return
      case 'tell-ended': {
        const { device, why } = effect
        void this.#telling.tellEnd(invitation, device, { type: 'invitation-ended', invitation: id, why })
        return
      }
      case 'pass-accept':
      case 'pass-decline':
      case 'tell-initiator-ended':
        return
      default:
        return effect satisfies never
    }
  }

  /** Never rejects. */
  async #invite(invitation: Invitation, device: string): Promise<void> {
    const detail = await this.#telling.invite(invitation, device)
    if (detail === null) return
    try {
      await this.#apply(invitation.id, { type: 'unreachable', device, detail })
    } catch (error) {
      this.deps.log.warn({ err: error, invitationId: invitation.id }, 'an unreachable device was not noted')
    }
  }

  #announce({ to }: Numbered): void {
    this.deps.bus.publish({ type: 'client-message', to }).catch((error: unknown) => {
      this.deps.log.warn({ err: error }, 'other nodes were not told of a client')
    })
  }

  async #expire(now: number): Promise<void> {
    for (;;) {
      const due = await this.deps.store.dueInvitations(now, PAGE)
      await Promise.all(due.map((id) => this.#apply(id, { type: 'expire' })))
      if (due.length < PAGE) return
    }
  }

  /** Each once, in a stable order; not the one that invites. */
  async #devicesOf(users: readonly string[], { device: own }: Initiator): Promise<InvitedDevice[]> {
    const found = await Promise.all(users.map((user) => this.deps.store.devicesOf(user)))
    return found
      .flat()
      .filter(({ id }) => id !== own)
      .map(({ id, user }) => ({ id, user, state: 'invited' }))
  }
}

function tooLarge(): InvitationRefusal {
  return refused('too-large', `Connection data has ${String(MOST_CONNECTION)} bytes of JSON at most.`)
}

function sizeOf(connection: ConnectionData): number {
  return Buffer.byteLength(JSON.stringify(connection))
}
