/** Slots of one level. While a level turns once, the next coarser one moves on by one slot. */
const SLOTS = 64
/** Five levels reach 64^5 ticks; what is due later still is put off on the way. */
const LEVELS = 5

/** What stands in a list. The wheel keeps the neighbours. */
class Link {
  previous: Link | undefined
  next: Link | undefined
}

/** Something that becomes due. It is in one list of the wheel, or in none. */
export abstract class WheelEntry extends Link {
  /** The wheel keeps the place, and the tick at which it is due. */
  level: Level | undefined
  due = 0

  /** It is due, and in no list any more. What this throws goes to the fault handler. */
  abstract expired(): void
}

/** The head of a circular list: that of an empty one is its own neighbour. */
class List extends Link {
  constructor() {
    super()
    this.previous = this.next = this
  }

  get empty(): boolean {
    return this.next === this
  }

  append(entry: WheelEntry): void {
    const last = this.previous
    entry.previous = last
    entry.next = this
    if (last) last.next = entry
    this.previous = entry
  }

  /** Takes the first entry out. */
  shift(): WheelEntry | undefined {
    const first = this.next
    if (!(first instanceof WheelEntry)) return undefined
    unlink(first)
    return first
  }
}

function unlink(entry: WheelEntry): void {
  const { previous, next } = entry
  if (previous) previous.next = next
  if (next) next.previous = previous
  entry.previous = entry.next = undefined
}

/** The slots of one fineness. */
class Level {
  count = 0
  private readonly slots = Array.from({ length: SLOTS }, () => new List())

  /** Ticks that a slot spans. */
  constructor(readonly span: number) {}

  /** The slot that the tick falls into, now or a turn later. */
  slotOf(tick: number): List {
    const slot = this.slots[Math.floor(tick / this.span) % SLOTS]
    if (!slot) throw new Error('a tick before the beginning')
    return slot
  }

  /** Where the first slot after `current` begins that has entries. */
  firstStart(current: number): number {
    let start = (Math.floor(current / this.span) + 1) * this.span
    while (this.slotOf(start).empty) start += this.span
    return start
  }
}

/**
 * A hierarchical timing wheel: adding and removing cost the same however many entries there are, and entries
 * that are removed in time, as most timers of SIP are, cost nothing more. It knows ticks, not the time.
 */
export class TimerWheel {
  /** From fine to coarse. */
  private readonly levels = Array.from({ length: LEVELS }, (_, index) => new Level(SLOTS ** index))
  private readonly expiring = new List()
  private entries = 0
  private current = 0

  /** Entries that are not due yet. */
  get size(): number {
    return this.entries
  }

  /** Puts an entry in that is in no list, to be due at that tick, or at the next one where that is over. */
  add(entry: WheelEntry, due: number): void {
    entry.due = Math.max(due, this.current + 1)
    this.place(entry)
    this.entries++
  }

  /** Does nothing where it is not in. */
  remove(entry: WheelEntry): void {
    if (!entry.next) return
    this.take(entry)
    this.entries--
  }

  clear(): void {
    const lists = [this.expiring]
    for (const level of this.levels) {
      for (let slot = 0; slot < SLOTS; slot++) lists.push(level.slotOf(slot * level.span))
    }
    for (const list of lists) {
      for (let entry = list.shift(); entry; entry = list.shift()) this.forget(entry)
    }
    this.entries = 0
  }

  /**
   * The next tick at which there is something to do; no entry is due before. It may be that entries only move
   * to a finer level then. Undefined where the wheel is empty.
   */
  nextTick(): number | undefined {
    let earliest: number | undefined
    for (const level of this.levels) {
      if (level.count === 0) continue
      const start = level.firstStart(this.current)
      if (earliest === undefined || start < earliest) earliest = start
    }
    return earliest
  }

  /** Moves on to that tick. What is due by then is taken out and told, in the order of ticks. */
  advance(to: number, onFault: (error: unknown) => void): void {
    for (let tick = this.nextTick(); tick !== undefined && tick <= to; tick = this.nextTick()) {
      this.current = tick
      this.turn()
      for (let entry = this.expiring.shift(); entry; entry = this.expiring.shift()) {
        this.entries--
        this.tell(entry, onFault)
      }
    }
    this.current = Math.max(this.current, to)
  }

  private tell(entry: WheelEntry, onFault: (error: unknown) => void): void {
    try {
      entry.expired()
    } catch (error) {
      onFault(error)
    }
  }

  /** Empties the slots that begin at this tick: into finer levels, or into the list of what is due. */
  private turn(): void {
    for (let index = LEVELS - 1; index >= 0; index--) {
      const level = this.levels[index]
      if (!level || level.count === 0 || this.current % level.span !== 0) continue
      const slot = level.slotOf(this.current)
      for (let entry = slot.shift(); entry; entry = slot.shift()) {
        this.forget(entry)
        if (entry.due <= this.current) this.expiring.append(entry)
        else this.place(entry)
      }
    }
  }

  /** Into the finest level that reaches as far. */
  private place(entry: WheelEntry): void {
    const ahead = entry.due - this.current
    const level = this.levels.find(({ span }) => ahead < span * SLOTS)
    if (level) return this.put(entry, level, entry.due)
    const coarsest = this.levels[LEVELS - 1]
    if (coarsest) this.put(entry, coarsest, this.current + coarsest.span * (SLOTS - 1))
  }

  private put(entry: WheelEntry, level: Level, tick: number): void {
    entry.level = level
    level.count++
    level.slotOf(tick).append(entry)
  }

  private take(entry: WheelEntry): void {
    unlink(entry)
    this.forget(entry)
  }

  private forget(entry: WheelEntry): void {
    if (entry.level) entry.level.count--
    entry.level = undefined
  }
}
