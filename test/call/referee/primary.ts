import type { Effect } from '../../../src/call/effect.js'
import type { CallEvent } from '../../../src/call/event.js'
import type { State } from '../../../src/call/state.js'
import { check } from './check.js'
import type { Legs } from './legs.js'
import type { Race } from './race.js'

/** The call at the cell phone: when it is told to reject, and how long its caller is awaited. */
export class Primary {
  patienceMs = NaN
  private report: Extract<CallEvent, { type: 'reported' }> | null = null
  private instructions = 0
  private rejected = false
  private answered = false
  /** The device that waits for the caller hears that it has not come. */
  private farewell = false

  constructor(
    private readonly legs: Legs,
    private readonly race: Race,
  ) {}

  /** The call is on its way to us, as far as we know. */
  get forwardDue(): boolean {
    return this.instructions > 0 || this.rejected
  }

  heard(event: CallEvent, timer: string | undefined): void {
    if (event.type === 'reported' && this.report === null && this.legs.caller === 'expected') {
      this.report = event
      this.patienceMs = event.patienceMs
    }
    if (this.legs.caller !== 'expected') return
    if (event.type === 'primary-rejected') this.rejected = true
    if (event.type === 'primary-answered') this.answered = true
    if (timer === 'forward') this.farewell = true
  }

  /** After everything else was judged: what the machine asked last may have made somebody ready. */
  judge(phase: State['phase'], effects: readonly Effect[]): void {
    if (this.answered) {
      const rings = effects.some((e) => ['dial', 'wake', 'comfort', 'connect'].includes(e.type))
      check(!rings, 'what was answered on the cell phone rings nowhere else')
    }
    const asked = effects.filter((e) => e.type === 'instruct-primary').length
    const due = !this.forwardDue && this.legs.caller === 'expected' && this.somebodyIsReady(phase) ? 1 : 0
    this.instructions += asked
    check(asked === due, 'the cell phone is told to reject once somebody is ready', `${asked}, not ${due}`)
    check(this.instructions <= 1, 'the cell phone is told to reject once')
  }

  private somebodyIsReady(phase: State['phase']): boolean {
    if (phase === 'accepted' || phase === 'expecting') return true
    return phase === 'waiting' && this.report?.instruct === 'notified' && this.race.everybodyKnows()
  }

  timers(): string[] {
    if (this.legs.caller !== 'expected' || !this.forwardDue) return []
    return [this.farewell ? 'farewell' : 'forward']
  }
}
