import type { DialTarget } from '../../../src/call/destination.js'
import type { Effect } from '../../../src/call/effect.js'
import type { CallEvent } from '../../../src/call/event.js'
import type { AttemptId, DeviceLegId, LegId } from '../../../src/call/ids.js'
import { check } from './check.js'

export interface Leg {
  readonly id: DeviceLegId
  readonly attempt: AttemptId
  /** Null for a leg that a device opened. */
  readonly target: DialTarget | null
  phase: 'trying' | 'progressing' | 'answered' | 'closed'
  cancelled: boolean
  hungUp: boolean
}

/** The legs of a call, as the wire sees them: each is opened once, ended once in the way it is ripe for, and closed. */
export class Legs {
  readonly all = new Map<DeviceLegId, Leg>()
  caller: 'absent' | 'expected' | 'pending' | 'answering' | 'joining' | 'open' | 'closing' | 'closed' =
    'absent'
  /** The leg that came with the event that is being heard. */
  newcomer: DeviceLegId | null = null
  /** The expected caller came with the event that is being heard. */
  callerCame = false
  private joined: DeviceLegId | null = null
  private comforted: DeviceLegId | null = null
  private accepted = false

  open(): Leg[] {
    return [...this.all.values()].filter((l) => l.phase !== 'closed')
  }

  openIds(): LegId[] {
    const caller = ['closed', 'absent', 'expected'].includes(this.caller) ? [] : ['caller' as const]
    return [...caller, ...this.open().map((l) => l.id)]
  }

  isOpen(id: DeviceLegId): boolean {
    const leg = this.all.get(id)
    return leg !== undefined && leg.phase !== 'closed'
  }

  attemptOf(leg: LegId): AttemptId | undefined {
    return leg === 'caller' ? undefined : this.all.get(leg)?.attempt
  }

  heard(event: CallEvent): void {
    this.callerCame = event.type === 'forwarded' && this.caller === 'expected'
    this.newcomer = event.type === 'leg-arrived' && !this.all.has(event.leg) ? event.leg : null
    switch (event.type) {
      case 'invited':
        if (this.caller === 'absent') this.caller = 'pending'
        return
      case 'reported':
        return this.turn('absent', 'expected')
      case 'forwarded':
        return this.turn('expected', 'pending')
      case 'caller-cancelled':
        if (['pending', 'answering', 'joining'].includes(this.caller)) this.caller = 'closed'
        return
      case 'caller-answered':
        return this.turn('answering', 'open')
      case 'hold-failed':
        return this.turn('answering', 'pending')
      case 'connected':
        return this.turn('joining', 'open')
      case 'connect-failed':
        return this.turn('joining', 'pending')
      case 'leg-arrived':
        return this.add({ id: event.leg, attempt: event.attempt, target: null }, 'answered')
      case 'dial-progressed':
        return this.move(event.dial, 'trying', 'progressing')
      case 'dial-answered':
        this.move(event.dial, 'trying', 'answered')
        return this.move(event.dial, 'progressing', 'answered')
      case 'dial-failed':
        return this.close(event.dial)
      case 'leg-closed':
        return this.close(event.leg)
      case 'signaling-lost':
        return event.legs.forEach((leg) => this.close(leg))
      default:
        return
    }
  }

  private turn(from: Legs['caller'], to: Legs['caller']): void {
    if (this.caller === from) this.caller = to
  }

  private add(leg: Pick<Leg, 'id' | 'attempt' | 'target'>, phase: Leg['phase']): void {
    if (!this.all.has(leg.id)) this.all.set(leg.id, { ...leg, phase, cancelled: false, hungUp: false })
  }

  private move(id: DeviceLegId, from: Leg['phase'], to: Leg['phase']): void {
    const leg = this.all.get(id)
    if (leg?.phase === from) leg.phase = to
  }

  private close(id: LegId): void {
    if (id === 'caller') {
      // Nobody hangs up who is not there.
      if (this.caller === 'expected') return
      this.caller = 'closed'
      return
    }
    const leg = this.all.get(id)
    if (leg !== undefined) leg.phase = 'closed'
  }

  asked(effect: Effect): void {
    switch (effect.type) {
      case 'dial': {
        const { dial: id, attempt, target } = effect
        check(!this.all.has(id), 'dial ids are fresh', id)
        return this.add({ id, attempt, target }, 'trying')
      }
      case 'cancel-dial':
        return this.cancel(effect.dial)
      case 'hang-up':
        return this.hangUp(effect.leg)
      case 'comfort':
        return this.comfort(effect.leg)
      case 'announce': {
        const told = this.all.get(effect.leg)
        check(
          this.comforted === effect.leg && told?.phase === 'answered',
          'who waits hears that nobody comes',
        )
        return check(this.caller === 'expected', 'nobody hears so of a caller that is there')
      }
      case 'end':
        return this.turn('expected', 'closed')
      case 'connect':
        return this.join(effect.leg)
      case 'tell-caller-accepted':
        check(!this.accepted, 'a caller hears once that somebody accepted')
        this.accepted = true
        return check(['pending', 'open'].includes(this.caller), 'who hears of an accept is there')
      case 'answer-caller':
        check(this.caller === 'pending', 'a caller is answered once')
        this.caller = 'answering'
        return
      case 'ring-back':
        this.accepted = false
        return
      case 'reject-caller':
        check(this.caller === 'pending', 'only a caller without a final answer is rejected')
        this.caller = 'closed'
        return
      case 'hold':
      case 'alert-caller':
      case 'reassure-caller':
        return check(this.caller === 'pending', 'a provisional comes before the final answer')
      default:
        return
    }
  }

  private comfort(id: DeviceLegId): void {
    const leg = this.all.get(id)
    check(leg?.phase === 'answered' && !leg.hungUp, 'the leg that hears comfort audio has answered')
    check(this.caller === 'expected', 'comfort audio is for a call whose caller is not there yet')
    check(this.comforted === null, 'one device waits for the caller')
    this.comforted = id
  }

  private join(id: DeviceLegId): void {
    const leg = this.all.get(id)
    check(leg?.phase === 'answered' && !leg.hungUp, 'the leg that gets the call has answered')
    const waits = this.comforted !== null && this.isOpen(this.comforted)
    check(!waits || this.comforted === id, 'the device that waits is joined, and no other')
    check(this.joined === null || !this.isOpen(this.joined), 'a caller is joined to one device at a time')
    check(['pending', 'answering', 'open'].includes(this.caller), 'a caller that is joined is there')
    this.joined = id
    this.turn('pending', 'joining')
  }

  private cancel(id: DeviceLegId): void {
    const leg = this.all.get(id)
    check(
      leg?.phase === 'trying' || leg?.phase === 'progressing',
      'only an INVITE under way is cancelled',
      id,
    )
    check(!leg.cancelled, 'an INVITE is cancelled once', id)
    leg.cancelled = true
  }

  private hangUp(id: LegId): void {
    if (id === 'caller') {
      check(this.caller === 'open', 'BYE to the caller only after its 200, and once')
      this.caller = 'closing'
      return
    }
    const leg = this.all.get(id)
    check(leg?.phase === 'answered', 'BYE only on an open leg', id)
    check(!leg.hungUp, 'a leg gets one BYE', id)
    leg.hungUp = true
  }

  /** What holds of the legs in a phase, whichever way it was reached. */
  settled(phase: string, winner: DeviceLegId | null, accepter: AttemptId | null): void {
    const kept = this.open().filter((l) => (l.phase === 'answered' ? !l.hungUp : !l.cancelled))
    const strayed = kept.filter((l) => l.phase === 'answered' && l.id !== winner)
    check(strayed.length === 0, 'a 200 that nobody wants any more is hung up', strayed[0]?.id)
    switch (phase) {
      case 'routing':
      case 'performing':
        return check(kept.length === 0, 'a step that is left leaves no INVITE behind', kept[0]?.id)
      case 'waiting': {
        const owners = new Set(kept.map((l) => l.attempt))
        return check(owners.size === kept.length, 'a phone has one INVITE at a time')
      }
      case 'accepted':
        check(kept.length <= 1, 'a phone has one INVITE at a time')
        return check(
          kept.every((l) => l.attempt === accepter),
          'once a user has accepted, nobody else is rung',
        )
      case 'expecting':
      case 'connecting':
      case 'bridged':
        return check(
          kept.length === 1 && kept[0]?.id === winner,
          'one device gets the call, the others are cancelled',
        )
      case 'ended':
        check(kept.length === 0, 'an ended call closes each leg', kept[0]?.id)
        return check(!['expected', 'pending', 'open'].includes(this.caller), 'an ended call tells its caller')
      default:
        return
    }
  }
}
