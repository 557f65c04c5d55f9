import { TimerWheel, WheelEntry } from './timer-wheel.js'

/** Milliseconds of a tick: a timer runs so much longer at most, and never shorter. */
const TICK = 10
/** The longest that Node's own timers run. */
const LONGEST = 2 ** 31 - 1

/** A timer that was started. Stopping it twice, or after it fired, does nothing. */
export interface Timer {
  stop(): void
}

const NEVER: Timer = { stop: () => undefined }

/**
 * All timers of one server, on one wheel that a single timer of Node turns: counted, so that a leak shows, and
 * stopped together at the end.
 */
export class TimerSet {
  private readonly wheel = new TimerWheel()
  private readonly origin = performance.now()
  private turning: NodeJS.Timeout | undefined
  /** The tick for which `turning` is set. */
  private wakeAt = Infinity
  private closed = false

  constructor(private readonly onFault: (error: unknown) => void) {}

  get size(): number {
    return this.wheel.size
  }

  /** Calls `fire` once after `ms` milliseconds, or never once all were stopped. What it throws goes to the fault handler. */
  start(ms: number, fire: () => void): Timer {
    if (this.closed) return NEVER
    const timer = new Callback(this, fire)
    this.arm(timer, ms)
    return timer
  }

  /** The same for an entry that brings what is to be done, and is in no wheel. */
  arm(entry: WheelEntry, ms: number): void {
    if (this.closed) return
    this.wheel.add(entry, Math.ceil((performance.now() - this.origin + ms) / TICK))
    // A tick at which entries only move down may come first; the wheel is asked for it then.
    if (entry.due < this.wakeAt) this.wake()
  }

  /** Takes an entry out; nothing where it is not in. */
  disarm(entry: WheelEntry): void {
    this.wheel.remove(entry)
    if (this.wheel.size > 0) return
    // Alone it would keep the process running.
    clearTimeout(this.turning)
    this.wakeAt = Infinity
  }

  /** For good: sockets that close afterwards would start others. */
  stopAll(): void {
    this.closed = true
    clearTimeout(this.turning)
    this.wheel.clear()
  }

  /** Sets Node's timer for the next tick that matters. It stays when an entry is stopped: waking in vain is cheap. */
  private wake(): void {
    clearTimeout(this.turning)
    const next = this.wheel.nextTick()
    this.wakeAt = next ?? Infinity
    if (next === undefined) return
    const ms = Math.ceil(next * TICK - (performance.now() - this.origin))
    this.turning = setTimeout(() => this.turn(), Math.min(Math.max(ms, 1), LONGEST))
  }

  private turn(): void {
    // While entries fire, others are armed: the next waking is found once, afterwards.
    this.wakeAt = -Infinity
    this.wheel.advance(Math.floor((performance.now() - this.origin) / TICK), this.onFault)
    if (!this.closed) this.wake()
  }
}

class Callback extends WheelEntry implements Timer {
  constructor(
    private readonly set: TimerSet,
    private readonly fire: () => void,
  ) {
    super()
  }

  override expired(): void {
    this.fire()
  }

  stop(): void {
    this.set.disarm(this)
  }
}
