import type { Contact, DialTarget } from '../call/destination.js'
import type { CallEvent } from '../call/event.js'
import type { AttemptId, DeviceLegId, DialId } from '../call/ids.js'
import type { Leg } from '../ports/signaling.js'
import type { Callee } from './callee.js'
import type { CallerSide } from './caller-side.js'
import { DeviceSide, type DeviceEvents } from './device-side.js'
import { callIdOf, dialOrder } from './dial-order.js'
import type { CallFacts, Services } from './services.js'

/** What is to be dialled, as the machine says it. */
export interface DialCommand {
  readonly dial: DialId
  readonly attempt: AttemptId
  readonly target: DialTarget
}

/** The dialled legs of one call, from their INVITE on. */
export class Dials {
  private readonly sides = new Map<DeviceLegId, DeviceSide>()

  constructor(
    private readonly services: Services,
    private readonly call: CallFacts,
    private readonly caller: CallerSide,
    private readonly callee: Callee,
    private readonly events: (dial: DialId) => DeviceEvents,
  ) {}

  side(dial: DeviceLegId): DeviceSide | undefined {
    return this.sides.get(dial)
  }

  leg(dial: DeviceLegId): Leg | undefined {
    return this.sides.get(dial)?.leg
  }

  /** Dials, and posts how it goes. */
  dial({ dial, attempt, target }: DialCommand): Promise<void> {
    const { services, call, caller, callee } = this
    const order = dialOrder({
      callId: call.id,
      sipCallId: callIdOf(call.id, attempt),
      called: call.called,
      targetUri: callee.uri,
      identity: call.identity,
      invite: caller.invite,
      trusted: caller.trunk.trusted,
      diverted: callee.diverted,
      settings: services.settings,
      target,
      binding: target.kind === 'contact' ? callee.binding(target.contact) : undefined,
      trunk: target.kind === 'outside' ? services.table().trunk(target.trunk) : undefined,
    })
    const gateway = order.gateway ?? caller.invite.gateway
    const events = this.events(dial)
    const contact = target.kind === 'contact' ? target.contact : undefined
    const side = new DeviceSide(
      dial,
      gateway,
      { ...events, post: (event) => this.heard(event, contact, events) },
      services.log,
    )
    this.sides.set(dial, side)
    return side.dial(services.signaling, services.media, caller.endpoint(), order)
  }

  private heard(event: CallEvent, contact: Contact | undefined, events: DeviceEvents): void {
    if (contact !== undefined && event.type === 'dial-progressed') this.services.sleepers.heard(contact)
    events.post(event)
  }

  /** Answered legs on a gateway; a dial that is not answered yet says itself that it failed. */
  legsOn(gateway: string): readonly DeviceLegId[] {
    return [...this.sides].filter(([, d]) => d.leg !== undefined && d.gateway === gateway).map(([id]) => id)
  }

  /** An INVITE that lost may take half a minute to be over; the ports that it holds are wanted before that. */
  async releaseMedia(winner?: DeviceLegId): Promise<void> {
    const losers = [...this.sides.values()].filter((side) => side.id !== winner && side.leg === undefined)
    await Promise.all(losers.map((side) => side.close()))
  }

  async close(): Promise<void> {
    await Promise.all([...this.sides.values()].map((side) => side.close()))
  }
}
