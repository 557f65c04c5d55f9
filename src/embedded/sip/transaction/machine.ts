import type { Timer, TimerSet } from '../timer-set.js'

/** Where a transaction goes on an input, and what is done on the way, in order. */
export interface Step<State extends string, Action> {
  readonly state: State
  readonly actions: readonly Action[]
}

/**
 * A transaction machine as data. What a row does not name is ignored in that state. Timers belong to states:
 * they start on entry and stop on leaving, unless the next state has them too; then they run on.
 */
export interface MachineTable<State extends string, Input extends string, TimerName extends Input, Action> {
  readonly initial: State
  readonly steps: Readonly<Record<State, Readonly<Partial<Record<Input, Step<State, Action>>>>>>
  readonly timers: Readonly<Record<State, readonly TimerName[]>>
}

/** What the machine is in after an input: a pure look at the table. */
export function step<State extends string, Input extends string, TimerName extends Input, Action>(
  table: MachineTable<State, Input, TimerName, Action>,
  state: State,
  input: Input,
): Step<State, Action> {
  return table.steps[state][input] ?? { state, actions: [] }
}

export interface MachineHost<State extends string, TimerName extends string, Action> {
  readonly timers: TimerSet
  /** Milliseconds; `undefined` where the timer is not used on this transport. 0 fires at once. */
  duration(timer: TimerName): number | undefined
  perform(action: Action): void
  entered(state: State): void
}

/** Runs a table: holds the state and the timers of the state, and nothing else. */
export class Machine<State extends string, Input extends string, TimerName extends Input, Action> {
  private readonly running = new Map<TimerName, Timer>()
  private current: State

  constructor(
    private readonly table: MachineTable<State, Input, TimerName, Action>,
    private readonly host: MachineHost<State, TimerName, Action>,
  ) {
    this.current = table.initial
  }

  get state(): State {
    return this.current
  }

  /** Starts the timers of the first state. */
  begin(): void {
    this.enter(this.current)
  }

  handle(input: Input): void {
    const before = this.current
    const next = step(this.table, before, input)
    if (next.state !== before) this.leave(next.state)
    this.current = next.state
    for (const action of next.actions) this.host.perform(action)
    // An action may have led on already: a send that fails at once, for one.
    if (next.state !== before && this.current === next.state) this.enter(next.state)
  }

  /** Starts a timer of the current state again. */
  arm(timer: TimerName): void {
    this.running.get(timer)?.stop()
    const ms = this.host.duration(timer)
    if (ms === undefined) return
    this.running.set(
      timer,
      this.host.timers.start(ms, () => {
        this.running.delete(timer)
        this.handle(timer)
      }),
    )
  }

  private enter(state: State): void {
    for (const timer of this.table.timers[state]) {
      if (this.host.duration(timer) === 0) {
        // RFC 3261 sets D, I, J and K to zero on reliable transports.
        this.handle(timer)
        return
      }
      if (!this.running.has(timer)) this.arm(timer)
    }
    this.host.entered(state)
  }

  private leave(next: State): void {
    const kept = this.table.timers[next]
    for (const [name, timer] of this.running) {
      if (kept.includes(name)) continue
      timer.stop()
      this.running.delete(name)
    }
  }
}
