import type { DialTarget } from '../../../src/call/destination.js'
import type { Effect } from '../../../src/call/effect.js'
import type { CallEvent } from '../../../src/call/event.js'
import type { AttemptId, DialId, LegId } from '../../../src/call/ids.js'
import { check } from './check.js'

export interface Leg {
  readonly id: DialId
  readonly attempt: AttemptId
  readonly target: DialTarget
  phase: 'trying' | 'progressing' | 'answered' | 'closed'
  cancelled: boolean
  hungUp: boolean
}

/** The legs of a call, as the wire sees them: each is opened once, ended once in the way it is ripe for, and closed. */
export class Legs {
  readonly all = new Map<DialId, Leg>()
  caller: 'absent' | 'pending' | 'answering' | 'open' | 'closing' | 'closed' = 'absent'

  open(): Leg[] {
    return [...this.all.values()].filter((l) => l.phase !== 'closed')
  }

  openIds(): LegId[] {
    const caller = this.caller === 'closed' || this.caller === 'absent' ? [] : ['caller' as const]
    return [...caller, ...this.open().map((l) => l.id)]
  }

  isOpen(id: DialId): boolean {
    const leg = this.all.get(id)
    return leg !== undefined && leg.phase !== 'closed'
  }

  heard(event: CallEvent): void {
    switch (event.type) {
      case 'invited':
        if (this.caller === 'absent') this.caller = 'pending'
        return
      case 'caller-cancelled':
        if (this.caller === 'pending' || this.caller === 'answering') this.caller = 'closed'
        return
      case 'connected':
        if (this.caller === 'answering') this.caller = 'open'
        return
      case 'connect-failed':
        if (this.caller === 'answering') this.caller = 'pending'
        return
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

  private move(id: DialId, from: Leg['phase'], to: Leg['phase']): void {
    const leg = this.all.get(id)
    if (leg?.phase === from) leg.phase = to
  }

  private close(id: LegId): void {
    if (id === 'caller') {
      this.caller = 'closed'
      return
    }
    const leg = this.all.get(id as DialId)
    if (leg !== undefined) leg.phase = 'closed'
  }

  asked(effect: Effect): void {
    switch (effect.type) {
      case 'dial': {
        const { dial: id, attempt, target } = effect
        check(!this.all.has(id), 'dial ids are fresh', id)
        this.all.set(id, { id, attempt, target, phase: 'trying', cancelled: false, hungUp: false })
        return
      }
      case 'cancel-dial':
        return this.cancel(effect.dial)
      case 'hang-up':
        return this.hangUp(effect.leg)
      case 'connect':
        check(
          this.all.get(effect.leg as DialId)?.phase === 'answered',
          'the leg that gets the call has answered',
        )
        check(this.caller === 'pending', 'a caller is answered once')
        this.caller = 'answering'
        return
      case 'reject-caller':
        check(this.caller === 'pending', 'only a caller without a final answer is rejected')
        this.caller = 'closed'
        return
      case 'alert-caller':
      case 'reassure-caller':
        return check(this.caller === 'pending', 'a provisional comes before the final answer')
      default:
        return
    }
  }

  private cancel(id: DialId): void {
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
    const leg = this.all.get(id as DialId)
    check(leg?.phase === 'answered', 'BYE only on an open leg', id)
    check(!leg.hungUp, 'a leg gets one BYE', id)
    leg.hungUp = true
  }

  /** What holds of the legs in a phase, whichever way it was reached. */
  settled(phase: string, winner: DialId | null): void {
    const kept = this.open().filter((l) => (l.phase === 'answered' ? !l.hungUp : !l.cancelled))
    const strayed = kept.filter((l) => l.phase === 'answered' && l.id !== winner)
    check(strayed.length === 0, 'a 200 that nobody wants any more is hung up', strayed[0]?.id)
    switch (phase) {
      case 'routing':
        return check(kept.length === 0, 'a step that is left leaves no INVITE behind', kept[0]?.id)
      case 'waiting': {
        const owners = new Set(kept.map((l) => l.attempt))
        return check(owners.size === kept.length, 'a phone has one INVITE at a time')
      }
      case 'connecting':
      case 'bridged':
        return check(
          kept.length === 1 && kept[0]?.id === winner,
          'one device gets the call, the others are cancelled',
        )
      case 'ended':
        check(kept.length === 0, 'an ended call closes each leg', kept[0]?.id)
        return check(this.caller !== 'pending' && this.caller !== 'open', 'an ended call tells its caller')
      default:
        return
    }
  }
}
