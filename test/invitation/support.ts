import { onTestFinished } from 'vitest'
import { createInvitations, type Invitations, type InvitationsDeps } from '../../src/invitation/service.js'
import { createLocalBus } from '../../src/adapters/bus/local.js'
import type { Bus } from '../../src/ports/bus.js'
import type { InitiatorView, InvitationDraft, InvitationRefusal } from '../../src/ports/invitation-control.js'
import type { PushMessage, PushOutcome, PushSender } from '../../src/ports/push.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { RecordingLog } from '../wake/recording-log.js'

export const ALICE = { client: 'app-1', device: null, user: 'alice' }

/** A push service that takes everything, unless it is told otherwise. */
export class FakePush implements PushSender {
  readonly sent: PushMessage[] = []
  tellsEndings = true
  outcome: (message: PushMessage) => PushOutcome | Promise<PushOutcome> = () => ({ kind: 'delivered' })

  async send(message: PushMessage): Promise<PushOutcome> {
    this.sent.push(message)
    return this.outcome(message)
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
  /** What was sent, as `device kind`. */
  get kinds(): string[] {
    return this.sent.map(({ device, kind }) => `${device.id} ${kind}`)
  }
}

/** Invitations of one or more nodes on one store, without channels: everything goes by push. */
export class Nodes {
  readonly clock = new FakeClock()
  readonly log = new RecordingLog()
  readonly bus: Bus = createLocalBus({ log: this.log })
  readonly push = new FakePush()
  /** Devices whose channel takes what it is offered, with what they took. */
  readonly channels = new Map<string, object[]>()

  constructor(readonly store = new FakeStore()) {}

  node(more: Partial<InvitationsDeps> = {}): Invitations {
    const node = createInvitations({
      ...{ store: this.store, bus: this.bus, clock: this.clock, log: this.log },
      api: () => 'https://calls.example.com',
      senders: new Map([['acme', this.push]]),
      limits: { messages: 500, bytes: 2_000_000 },
      offer: (deviceId, message) => {
        this.channels.get(deviceId)?.push(message)
        return Promise.resolve(this.channels.has(deviceId) ? 'taken' : 'no-channel')
      },
      mintInvitation: ({ invitationId, deviceId }) => Promise.resolve(`token ${invitationId} ${deviceId}`),
      ...more,
    })
    onTestFinished(() => node.close())
    return node
  }

  async devices(user: string, ...ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await this.store.putDevice({
        ...{ id, user, instance: null, createdAt: 1, seenAt: 1, retired: null },
        push: { provider: 'acme', token: `token of ${id}` },
      })
    }
  }

  /** What the initiator was told so far. */
  async told(): Promise<Readonly<Record<string, unknown>>[]> {
    const messages = await this.store.messagesAfter(ALICE, 0, this.clock.now(), 1000)
    return messages.map(({ body }) => JSON.parse(body) as Readonly<Record<string, unknown>>)
  }
}

export function draft(more: Partial<InvitationDraft> = {}): InvitationDraft {
  return { endpoints: ['bob'], connection: { offer: 'o' }, note: null, expiresIn: 60, ...more }
}

/** The view; a refusal fails the test. */
export function accepted<View>(outcome: View | InvitationRefusal): View {
  if (typeof outcome === 'object' && outcome !== null && 'why' in outcome) {
    throw new Error(`refused: ${outcome.why}: ${outcome.detail}`)
  }
  return outcome
}

export async function invite(node: Invitations, more: Partial<InvitationDraft> = {}): Promise<InitiatorView> {
  return accepted(await node.create(ALICE, draft(more)))
}
