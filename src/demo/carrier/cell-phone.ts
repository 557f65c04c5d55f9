import type { CellCall, StoppedBecause } from './cell-call.js'

/** Who watches a phone's calls: an app with the permission to. */
export interface CallWatcher {
  ringing(call: CellCall): void
  stopped(call: CellCall, why: StoppedBecause): void
}

export interface CellPhoneOptions {
  /** In full. */
  readonly number: string
  /** Default false: to a second caller it is busy. */
  readonly callWaiting?: boolean
}

/** A cell phone, its user and its app. */
export class CellPhone {
  /** False: switched off, or out of reach. */
  reachable = true
  readonly #calls = new Set<CellCall>()
  readonly #watchers = new Set<CallWatcher>()

  constructor(
    readonly options: CellPhoneOptions,
    /** Gives a code to the network; whether it took it. */
    private readonly dialled: (code: string) => boolean,
  ) {}

  get number(): string {
    return this.options.number
  }

  /** Those that ring, the oldest first. */
  get ringing(): readonly CellCall[] {
    return [...this.#calls].filter((call) => call.phase === 'ringing')
  }

  get busy(): boolean {
    const up = [...this.#calls].some(({ phase }) => phase === 'ringing' || phase === 'answered')
    return up && this.options.callWaiting !== true
  }

  /** Dials a code, such as one that sets the forwarding; whether the network took it. */
  dial(code: string): boolean {
    return this.dialled(code)
  }

  watch(watcher: CallWatcher): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** By the network. */
  ring(call: CellCall): void {
    this.#calls.add(call)
    void call.ended.then(() => this.#calls.delete(call))
    call.ring()
    for (const watcher of this.#watchers) watcher.ringing(call)
  }

  /** By the network. */
  stopped(call: CellCall, why: StoppedBecause): void {
    if (why !== 'answered') this.#calls.delete(call)
    for (const watcher of this.#watchers) watcher.stopped(call, why)
  }
}
