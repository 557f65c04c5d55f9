import type { Effect } from '../../../src/call/effect.js'
import type { CallEvent } from '../../../src/call/event.js'
import type { HoldStyle } from '../../../src/call/plan.js'
import type { PerformanceId } from '../../../src/call/ids.js'
import { check } from './check.js'
import type { Legs } from './legs.js'

/** What reaches the caller's ear from us, one thing at a time. */
export class Stage {
  /** What is performed now. */
  running: PerformanceId | null = null
  provisional: { readonly style: HoldStyle; given: boolean } | null = null
  hears: 'nothing' | 'ringback' | 'something else' = 'nothing'
  private readonly performed = new Set<PerformanceId>()

  constructor(private readonly legs: Legs) {}

  /** Something that we play can be heard. */
  get isHeard(): boolean {
    const { caller } = this.legs
    return caller === 'open' || (caller === 'pending' && this.provisional?.style === 'early-media')
  }

  /** It would be heard from its first moment. */
  get isReady(): boolean {
    return this.isHeard && !this.isAwaited
  }

  /** A provisional is on its way to a caller that is not answered meanwhile. */
  get isAwaited(): boolean {
    return this.legs.caller === 'pending' && this.provisional?.given === false
  }

  heard(event: CallEvent): void {
    if (event.type === 'held' && this.provisional !== null) this.provisional.given = true
    if (event.type === 'performed' && event.performance === this.running) this.running = null
  }

  asked(effect: Effect): void {
    switch (effect.type) {
      case 'perform':
        this.silent('nothing is performed while something is')
        check(this.isReady, 'a performance is for a caller that hears it')
        check(!this.performed.has(effect.id), 'performance ids are fresh', effect.id)
        this.performed.add(effect.id)
        this.running = effect.id
        this.hears = 'something else'
        return
      case 'stop-performing':
        check(this.running === effect.id, 'only what is performed is stopped', effect.id)
        this.running = null
        return
      case 'hold':
        this.silent('nobody is held while something is performed')
        check(!this.isAwaited, 'one provisional is under way at a time')
        this.provisional = { style: effect.style, given: false }
        if (effect.style === 'early-media') this.hears = 'ringback'
        return
      case 'ring-back':
        this.silent('nothing rings back while something is performed')
        check(this.isHeard && this.hears !== 'ringback', 'ringback is for who hears us, and hears none')
        this.hears = 'ringback'
        return
      case 'tell-caller-accepted':
      case 'answer-caller':
        this.silent('nobody hears of an accept while something is performed')
        this.hears = 'something else'
        return
      case 'dial':
      case 'wake':
        return this.silent('nobody is rung while something is performed')
      case 'connect':
      case 'comfort':
        this.hears = 'something else'
        return this.silent('nobody is joined while something is performed')
      case 'route':
      case 'end':
      case 'release':
        return this.silent('a performance is over before the call goes on')
      default:
        return
    }
  }

  private silent(what: string): void {
    check(this.running === null, what)
  }
}
