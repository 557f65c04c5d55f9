import type { DialTarget } from '../call/destination.js'
import type { ArrivingId, AttemptId, DeviceLegId, DialId } from '../call/ids.js'
import type { MediaEndpoint } from '../ports/media.js'
import type { IncomingCall } from '../ports/signaling.js'
import { ArrivedLeg } from './arrived-leg.js'
import type { Callee } from './callee.js'
import type { CalleeLeg, CalleeLegEvents } from './callee-leg.js'
import type { CallerSide } from './caller-side.js'
import { callIdOf, dialOrder } from './dial-order.js'
import { DialledLeg, type DialOrder } from './dialled-leg.js'
import type { MissedCall } from './late-phones.js'
import { OfferedLeg } from './offered-leg.js'
import type { CallOrigin } from './origin.js'
import type { CallFacts, Services } from './services.js'

/** What is to be dialled, as the machine says it. */
export interface DialCommand {
  readonly dial: DialId
  readonly attempt: AttemptId
  readonly target: DialTarget
}

/** The legs toward those who are called, of one call: dialled, or opened by their device. */
export class CalleeLegs {
  private readonly legs: CalleeLeg[] = []
  private arrivals = 0

  constructor(
    private readonly services: Services,
    private readonly call: CallFacts,
    private readonly caller: CallerSide,
    private readonly callee: Callee,
    private readonly events: CalleeLegEvents,
  ) {}

  find(id: DeviceLegId): CalleeLeg | undefined {
    return this.legs.find((leg) => leg.id === id)
  }

  /** Dials, and posts how it goes. */
  dial({ dial, attempt, target }: DialCommand): Promise<void> {
    const { services, caller } = this
    const order = this.order(attempt, target)
    const gateway = order.gateway ?? this.gatewayOut(dial, target)
    const contact = target.kind === 'contact' ? target.contact : undefined
    const leg = new DialledLeg(dial, gateway, contact, this.events, services.log)
    this.legs.push(leg)
    const like = caller.expected ? Promise.resolve(undefined) : caller.endpoint()
    return leg.dial(services.signaling, services.media, like, { gateway, ...order })
  }

  /** What an INVITE to the attempt's phone says of the call, for one that is told of it afterwards. */
  invitationOf(attempt: AttemptId): MissedCall['invite'] {
    const { callId, from, to, headers } = this.order(attempt, {
      kind: 'contact',
      contact: { bindingId: '', uri: '', flow: '' },
    })
    return { callId, from, to, headers }
  }

  cancel(dial: DialId, reason: string): void {
    this.dialled(dial)?.cancel(reason)
  }

  /** A sign of life came from where a dial went to. */
  progressed(dial: DialId): void {
    const contact = this.dialled(dial)?.contact
    if (contact !== undefined) this.services.sleepers.heard(contact)
  }

  /** A device's own INVITE has come into the call. */
  arrive(attempt: AttemptId, invite: IncomingCall): void {
    const { media, settings, log } = this.services
    const id = this.nextArrival()
    const leg = new ArrivedLeg(id, invite, media, settings, this.events, log)
    this.legs.push(leg)
    this.events.post({ type: 'leg-arrived', leg: id, attempt })
    leg.begin()
  }

  /** A device has answered the offer of its push. `tell`: how it hears that the call is over. */
  arriveOffered(attempt: AttemptId, endpoint: MediaEndpoint, tell: (reason: string) => void): void {
    const id = this.nextArrival()
    this.legs.push(new OfferedLeg(id, endpoint, this.events, tell))
    this.events.post({ type: 'leg-arrived', leg: id, attempt })
  }

  /** Legs that a gateway carries; an INVITE of ours that is not answered yet says itself that it failed. */
  legsOn(gateway: string): readonly DeviceLegId[] {
    return this.legs
      .filter((leg) => leg.gateway === gateway && (leg.leg !== undefined || !(leg instanceof DialledLeg)))
      .map(({ id }) => id)
  }

  /** An INVITE that lost may take half a minute to be over; the ports that it holds are wanted before that. */
  async releaseMedia(winner?: DeviceLegId): Promise<void> {
    await closeAll(this.legs.filter((leg) => leg.id !== winner && leg.leg === undefined))
  }

  async close(): Promise<void> {
    await closeAll(this.legs)
  }

  /** A registration leads by its own gateway, and one that is gone by none. */
  private gatewayOut(dial: DialId, target: DialTarget): string {
    const trunk = target.kind === 'outside' ? this.services.table().trunk(target.trunk) : undefined
    return this.call.path.gateway(dial, trunk) ?? this.call.origin.request.gateway
  }

  private order(attempt: AttemptId, target: DialTarget): DialOrder {
    const { services, call, callee } = this
    const { request, trusted } = call.origin
    const { identity, asserted } = callerShown(call.origin, callee.callerId)
    return dialOrder({
      callId: call.id,
      sipCallId: callIdOf(call.id, attempt),
      called: call.called,
      targetUri: callee.uri,
      identity,
      invite: request,
      trusted,
      asserted,
      diverted: callee.diverted,
      settings: services.settings,
      target,
      binding: target.kind === 'contact' ? callee.binding(target.contact) : undefined,
      trunk: target.kind === 'outside' ? services.table().trunk(target.trunk) : undefined,
    })
  }

  private nextArrival(): ArrivingId {
    this.arrivals += 1
    return `i${this.arrivals}`
  }

  private dialled(id: DialId): DialledLeg | undefined {
    const leg = this.find(id)
    return leg instanceof DialledLeg ? leg : undefined
  }
}

async function closeAll(legs: readonly CalleeLeg[]): Promise<void> {
  if (legs.length > 0) await Promise.all(legs.map((leg) => leg.close()))
}

/** Where instructions show somebody else as the caller, that is whom we vouch for. */
function callerShown(
  { identity, asserted }: CallOrigin,
  callerId: string | undefined,
): Pick<CallOrigin, 'identity' | 'asserted'> {
  return callerId === undefined
    ? { identity, asserted }
    : { identity: { user: callerId, name: null }, asserted: callerId }
}
