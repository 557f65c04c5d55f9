import type { TimerSet } from '../timer-set.js'
import { WheelEntry } from '../timer-wheel.js'

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

/** The transaction that a machine runs. */
export interface MachineHost<State extends string, TimerName extends string, Action> {
  readonly timers: TimerSet
  /** Milliseconds; `undefined` where the timer is not used on this transport. 0 fires at once. */
  duration(timer: TimerName): number | undefined
  perform(action: Action): void
  entered(state: State): void
}

/** A timer that runs. */
class MachineTimer<TimerName> extends WheelEntry {
  constructor(
    readonly name: TimerName,
    private readonly machine: { fired(timer: MachineTimer<TimerName>): void },
    /** The timer of the same machine that was started before. */
    public other: MachineTimer<TimerName> | undefined,
  ) {
    super()
  }

  override expired(): void {
    this.machine.fired(this)
  }
}

/** Runs a table: holds the state and the timers of the state, and nothing else, for most of them only linger. */
export class Machine<State extends string, Input extends string, TimerName extends Input, Action> {
  /** At most two run at a time. */
  private running: MachineTimer<TimerName> | undefined
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
    const next = this.table.steps[before][input]
    if (!next) return
    if (next.state !== before) this.leave(next.state)
    this.current = next.state
    for (const action of next.actions) this.host.perform(action)
    // An action may have led on already: a send that fails at once, for one.
    if (next.state !== before && this.current === next.state) this.enter(next.state)
  }

  /** Starts a timer of the current state again. */
  arm(name: TimerName): void {
    const running = this.find(name)
    if (running) this.stop(running)
    const ms = this.host.duration(name)
    if (ms === undefined) return
    this.running = new MachineTimer(name, this, this.running)
    this.host.timers.arm(this.running, ms)
  }

  /** @internal called by its timers */
  fired(timer: MachineTimer<TimerName>): void {
    this.drop(timer)
    this.handle(timer.name)
  }

  private enter(state: State): void {
    for (const timer of this.table.timers[state]) {
      if (this.host.duration(timer) === 0) {
        // RFC 3261 sets D, I, J and K to zero on reliable transports.
        this.handle(timer)
        return
      }
      if (!this.find(timer)) this.arm(timer)
    }
    this.host.entered(state)
  }

  private leave(next: State): void {
    const kept = this.table.timers[next]
    for (let timer = this.running; timer; timer = timer.other) {
      if (!kept.includes(timer.name)) this.stop(timer)
    }
  }

  private find(name: TimerName): MachineTimer<TimerName> | undefined {
    let timer = this.running
    while (timer && timer.name !== name) timer = timer.other
    return timer
  }

  private stop(timer: MachineTimer<TimerName>): void {
    this.host.timers.disarm(timer)
    this.drop(timer)
  }

  private drop(gone: MachineTimer<TimerName>): void {
    if (this.running === gone) this.running = gone.other
    else if (this.running?.other === gone) this.running.other = gone.other
  }
}
