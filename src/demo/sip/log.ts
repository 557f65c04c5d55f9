import { now } from '../clock.js'
import { Waiters } from '../waiting.js'
import { cseqOf, type SipMessage } from './message.js'
import type { Protocol } from './transport.js'
import type { Address } from './uri.js'

export interface LogEntry {
  /** Milliseconds since the epoch, with a fraction. */
  readonly at: number
  readonly direction: 'sent' | 'received'
  /** `lost`: the impairment swallowed it; the other side, or this one, never knew it. */
  readonly fate: 'passed' | 'lost'
  readonly message: SipMessage
  readonly remote: Address
  readonly protocol: Protocol
}

export interface ExpectOptions {
  /** Default 5,000. */
  readonly deadlineMs?: number
  readonly direction?: LogEntry['direction']
  /** Only what is logged after this mark; by default the whole log counts. */
  readonly since?: number
}

/** Everything that a player sent and received, in order. */
export class MessageLog {
  readonly #entries: LogEntry[] = []
  readonly #waiters = new Waiters<LogEntry>()

  /** `keeps: false` spares the memory of long load runs: only who waits already hears of a message. */
  constructor(
    private readonly owner: string,
    private readonly keeps = true,
  ) {}

  get entries(): readonly LogEntry[] {
    return this.#entries
  }

  record(entry: Omit<LogEntry, 'at'>): void {
    const stamped = { at: now(), ...entry }
    if (this.keeps) this.#entries.push(stamped)
    this.#waiters.notifyAll(stamped)
  }

  /** A place in the log, for `since`. */
  mark(): number {
    return this.#entries.length
  }

  /**
   * The first message that matches and was not lost: one that is logged already, or the next to come. Received
   * ones, where the direction is not named. Rejects with WaitError, which tells what came instead.
   */
  async expect<T extends SipMessage = SipMessage>(
    matches: ((message: SipMessage) => message is T) | ((message: SipMessage) => boolean),
    { deadlineMs = 5000, direction = 'received', since = 0 }: ExpectOptions = {},
  ): Promise<T> {
    const suits = (entry: LogEntry): boolean =>
      entry.fate === 'passed' && entry.direction === direction && matches(entry.message)
    const found = this.#entries.slice(since).find(suits)
    const progress = (): string => `; so far: ${this.summary(since)}`
    const entry =
      found ?? (await this.#waiters.wait(`such message at ${this.owner}`, deadlineMs, suits, progress))
    return entry.message as T
  }

  /** All passed messages that match, in order. */
  find(
    matches: (message: SipMessage) => boolean,
    direction: LogEntry['direction'] = 'received',
  ): SipMessage[] {
    return this.#entries
      .filter((e) => e.fate === 'passed' && e.direction === direction && matches(e.message))
      .map((e) => e.message)
  }

  /** One line: what was sent (>) and received (<); x marks the lost. */
  summary(since = 0): string {
    return this.#entries
      .slice(since)
      .map((e) => `${e.direction === 'sent' ? '>' : '<'}${e.fate === 'lost' ? 'x' : ''}${labelOf(e.message)}`)
      .join(' ')
  }

  close(): void {
    this.#waiters.abandon(`${this.owner} is closed; its log: ${this.summary()}`)
  }
}

/** How a ladder names a message: "INVITE", "180 Ringing (INVITE)". */
export function labelOf(message: SipMessage): string {
  if (message.kind === 'request') return message.method
  const method = message.headers.some((h) => h.name.toLowerCase() === 'cseq') ? cseqOf(message).method : '?'
  return `${message.status} ${message.reason} (${method})`
}
