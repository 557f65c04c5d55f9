import { lists, type SipMessage, type SipRequest } from '../message/message.js'
import { parseNumber, parseSessionExpires, type SessionExpires } from '../message/values.js'
import type { Timer, TimerSet } from '../timer-set.js'

/** A session interval that was agreed on, and who keeps the session alive. */
export interface SessionTerms {
  /** Seconds. */
  readonly interval: number
  readonly weRefresh: boolean
}

export function sessionExpires(message: SipMessage): SessionExpires | undefined {
  return message.headers.parsed('session-expires', parseSessionExpires)
}

/** Whether a request asks for a shorter session than is allowed here: to be refused with 422 (RFC 4028 §9). */
export function isTooShort(request: SipRequest, minimum: number): boolean {
  const asked = sessionExpires(request)
  return asked !== undefined && asked.interval < minimum && lists(request, 'supported', 'timer')
}

/** What the answer to a request with Session-Expires says about the session. */
export interface SessionAnswer {
  readonly terms: SessionTerms
  /** Value for Session-Expires, where the app set none. */
  readonly header: string
  /** The peer refreshes, and must know that it has to: `Require: timer`. */
  readonly requireTimer: boolean
}

/**
 * The terms as UAS (RFC 4028 §9). The app's own header counts first; else what the peer asked for, with
 * `fallback` as refresher where the peer left it open. A peer that does not support timers never refreshes.
 */
export function answerSession(
  request: SipRequest,
  appHeader: string | undefined,
  minimum: number,
  fallback: 'uac' | 'uas' | 'none',
): SessionAnswer | undefined {
  const chosen = appHeader === undefined ? undefined : parseSessionExpires(appHeader)
  const asked = sessionExpires(request)
  const basis = chosen ?? asked
  if (!basis || (appHeader !== undefined && !chosen)) return undefined
  const supported = lists(request, 'supported', 'timer') || lists(request, 'require', 'timer')
  const open = chosen ? 'uac' : fallback
  const refresher = basis.refresher ?? open
  if (refresher === 'none') return undefined
  const effective = supported ? refresher : 'uas'
  const interval = Math.max(basis.interval, minimum)
  return {
    terms: { interval, weRefresh: effective === 'uas' },
    header: `${interval};refresher=${effective}`,
    requireTimer: effective === 'uac',
  }
}

/** The terms as UAC, from a 2xx (RFC 4028 §7.2): without a refresher parameter it is this side. */
export function acceptSession(answer: SipMessage): SessionTerms | undefined {
  const granted = sessionExpires(answer)
  return granted && { interval: granted.interval, weRefresh: granted.refresher !== 'uas' }
}

/** Min-SE of a 422, in seconds. */
export function minSe(message: SipMessage): number | undefined {
  return message.headers.parsed('min-se', (value) => parseNumber(value.split(';')[0] ?? '', 2 ** 31 - 1))
}

/**
 * Watches one session: calls for a refresh at half the interval where that is this side's duty, else for the
 * end shortly before the interval is over (RFC 4028 §10).
 */
export class SessionTimer {
  private timer: Timer | undefined
  terms: SessionTerms | undefined

  constructor(
    private readonly timers: TimerSet,
    private readonly due: (what: 'refresh' | 'expire') => void,
  ) {}

  start(terms: SessionTerms): void {
    this.stop()
    this.terms = terms
    const ms = terms.interval * 1000
    this.timer = terms.weRefresh
      ? this.timers.start(ms / 2, () => this.due('refresh'))
      : this.timers.start(ms - Math.min(32_000, ms / 3), () => this.due('expire'))
  }

  stop(): void {
    this.timer?.stop()
    this.timer = undefined
    this.terms = undefined
  }
}
