import type { Effect } from '../call/effect.js'
import type { CallEvent } from '../call/event.js'
import type { CallRecord } from '../ports/store.js'
import type { RouteChosen } from './call-path.js'
import type { CallFacts, Services } from './services.js'

/** Writes the journal of one call: what happened to it, what was asked because of it, and its row. */
export class CallRecorder {
  private record: CallRecord
  private seq = 0

  constructor(
    private readonly services: Pick<Services, 'observer' | 'clock'>,
    { id, origin, called }: Pick<CallFacts, 'id' | 'origin' | 'called'>,
  ) {
    this.record = {
      id,
      trunk: origin.trunk,
      client: origin.client,
      from: origin.identity.user ?? 'anonymous',
      to: called,
      startedAt: services.clock.now(),
      answeredAt: null,
      endedAt: null,
      user: null,
      ending: null,
    }
  }

  get startedAt(): number {
    return this.record.startedAt
  }

  user(user: string | null): void {
    if (user !== null) this.record = { ...this.record, user }
  }

  /** The trunk by which an expected caller came. */
  trunk(trunk: string): void {
    this.record = { ...this.record, trunk }
  }

  event(event: CallEvent): void {
    const at = this.services.clock.now()
    this.line(at, event.type, dataOf(event))
    if (event.type === 'invited' || event.type === 'reported') this.save({})
    // A 200 that crossed the end of the call was followed by a BYE: nobody talked.
    const answered = event.type === 'connected' || event.type === 'caller-answered'
    if (answered && this.record.ending === null) this.save({ answeredAt: this.record.answeredAt ?? at })
  }

  /** By which region its media goes, or a leg of it, and why. */
  routeChosen(choice: RouteChosen): void {
    this.line(this.services.clock.now(), 'route-chosen', { ...choice })
  }

  effect(effect: Effect): void {
    const at = this.services.clock.now()
    switch (effect.type) {
      case 'instruct-primary':
        return this.line(at, 'instructed', {})
      case 'wake':
        return this.line(at, 'push-sent', { attempt: effect.attempt, deviceId: effect.deviceId })
      case 'dial':
        return this.line(at, 'dialled', { dial: effect.dial, attempt: effect.attempt })
      case 'cancel-dial':
        return this.line(at, 'cancelled', { dial: effect.dial, reason: effect.reason })
      case 'tell-ending':
        return this.line(at, 'told', { deviceId: effect.deviceId, reason: effect.reason })
      case 'end':
        this.line(at, 'ended', { ...effect.ending })
        return this.save({ endedAt: at, ending: effect.ending })
      default:
      // The other effects show in the events that answer them.
    }
  }

  private line(at: number, type: string, data: Readonly<Record<string, unknown>>): void {
    this.services.observer.happened({
      callId: this.record.id,
      seq: this.seq++,
      at,
      type,
      data: Object.keys(data).length === 0 ? null : data,
    })
  }

  private save(change: Partial<CallRecord>): void {
    this.record = { ...this.record, ...change }
    this.services.observer.call(this.record)
  }
}

/** What of an event is worth keeping: ids, not the objects that they stand for. */
function dataOf(event: CallEvent): Readonly<Record<string, unknown>> {
  switch (event.type) {
    case 'routed':
      return { destinations: event.plan.destinations.length }
    case 'registered':
      return { deviceId: event.device?.deviceId ?? null, bindingId: event.contact.bindingId }
    default: {
      const { type: _, ...data } = event
      return data
    }
  }
}
