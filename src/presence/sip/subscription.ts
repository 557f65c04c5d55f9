import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import type { Presence, PresenceControl, PresenceReader } from '../../ports/presence.js'
import type { SipTransaction, SubscriptionDialog } from '../../ports/signaling.js'
import { SipFailure } from '../../ports/signaling.js'
import type { SubscriptionLimits } from './limits.js'
import { type Asked, expiresOf } from './subscribe-request.js'

export interface SubscriptionOptions {
  readonly asked: Asked
  readonly user: string
  readonly presence: Pick<PresenceControl, 'reader'>
  readonly clock: Clock
  readonly log: Log
  readonly limits: SubscriptionLimits
  /** Seconds that are left of what the reader has shown; a refresh grants no more. */
  readonly proven: () => number
  /** Whether the reader may, still: else it is told no state any more, and refreshes nothing. */
  readonly mayRead: () => boolean
  /** It is over; once. */
  ended(subscription: Subscription): void
}

/** Why a subscription ends (RFC 6665 §4.1.3). */
export type EndReason = 'timeout' | 'deactivated' | 'rejected'

/**
 *   active --expiry, refused refresh, not allowed any more, shutdown--> ending --last NOTIFY answered, or not--> over
 *     +--unsubscribed--> ending        +--NOTIFY refused--> ending        +--gateway lost--> over
 * One NOTIFY at a time: what changes meanwhile, or within a second, waits, and the last state counts.
 */
export class Subscription {
  #state: 'active' | 'ending' | 'over' = 'active'
  #reader: PresenceReader
  #latest: Presence | undefined
  /** `latest` was told, or there is nothing to tell. */
  #told = false
  #sending = false
  #reason: EndReason = 'timeout'
  #version = 0
  #expiresAt: number
  #stopExpiry: () => void = () => undefined
  #stopPause: () => void = () => undefined
  #paused = false
  #done: () => void = () => undefined
  /** Resolves when nothing is sent any more. */
  readonly done: Promise<void>

  constructor(
    private readonly dialog: SubscriptionDialog,
    private readonly options: SubscriptionOptions,
  ) {
    const { asked, user, presence, clock, log } = options
    this.done = new Promise((resolve) => (this.#done = resolve))
    this.#expiresAt = clock.now() + asked.expires * 1_000_000
    this.#reader = presence.reader((latest) => this.#changed(latest))
    dialog.listen({
      refreshed: (request) => this.#refreshed(request),
      unsubscribed: () => this.end('timeout'),
      lost: () => this.#over(),
    })
    this.#watchExpiry()
    // A NOTIFY is due at once, with the state where that can be had (RFC 6665 §4.2.2).
    this.#reader.watch([user]).then(
      () => this.#begin(),
      (error: unknown) => {
        log.warn({ err: error, user }, 'a subscription begins without the state of its user')
        this.#begin()
      },
    )
  }

  /** Ends it where the reader may not read any more. */
  recheck(): void {
    if (!this.options.mayRead()) this.end('rejected')
  }

  /** Ends it with a last NOTIFY, which carries the state once more. Idempotent. */
  end(reason: EndReason): void {
    if (this.#state !== 'active') return
    this.#state = 'ending'
    this.#reason = reason
    this.#stopExpiry()
    this.#stopPause()
    this.#paused = false
    this.#told = false
    if (this.#begun) void this.#send()
  }

  #begun = false

  #begin(): void {
    this.#begun = true
    // A fetch: the state once (RFC 6665 §4.4.3).
    if (this.options.asked.expires === 0) this.end('timeout')
    this.#told = false
    void this.#send()
  }

  #changed(latest: Presence): void {
    this.#latest = latest
    this.#told = false
    if (this.#begun) void this.#send()
  }

  /** Never rejects. */
  async #send(): Promise<void> {
    if (this.#sending || this.#paused || this.#told || this.#state === 'over') return
    this.#sending = true
    this.#told = true
    const ended = this.#state === 'ending'
    try {
      await this.dialog.notify({ headers: this.#headers(), ended, ...this.#document() })
    } catch (error) {
      this.#refused(error)
    }
    this.#sending = false
    if (ended) return this.#over()
    if (this.#state === 'active') this.#pause()
    else void this.#send()
  }

  /** The other side is gone, or knows nothing of it: a last NOTIFY has the server forget the dialog too. */
  #refused(error: unknown): void {
    const { log, user } = this.options
    const status = error instanceof SipFailure ? error.status : 0
    log.info({ err: error, user }, 'a NOTIFY was not taken')
    // RFC 6665 §4.2.2: what asks for a later try ends nothing.
    if (status !== 0 && status !== 500 && status !== 503 && status !== 491) this.end('timeout')
  }

  #pause(): void {
    this.#paused = true
    this.#stopPause = this.options.clock.after(this.options.limits.throttleMs, () => {
      this.#paused = false
      void this.#send()
    })
  }

  #headers(): readonly (readonly [string, string])[] {
    const { asked, clock } = this.options
    const left = Math.max(0, Math.round((this.#expiresAt - clock.now()) / 1_000_000))
    const state =
      this.#state === 'active' ? `active;expires=${String(left)}` : `terminated;reason=${this.#reason}`
    return [
      ['Event', asked.event],
      ['Subscription-State', state],
    ]
  }

  #document(): { readonly document?: { readonly contentType: string; readonly body: string } } {
    if (this.#latest === undefined || !this.options.mayRead()) return {}
    const { asked } = this.options
    const body = asked.package.body(this.#latest, asked.entity, this.#version++)
    return { document: { contentType: asked.package.contentType, body } }
  }

  #refreshed(request: SipTransaction): void {
    const { log, limits, clock, proven, mayRead } = this.options
    const granted = expiresOf(request, limits)
    const answer = (status: number, headers: readonly (readonly [string, string])[]): void => {
      request.respond({ status, headers }).catch((error: unknown) => {
        log.info({ err: error }, 'a refresh could not be answered')
      })
    }
    if (this.#state !== 'active') return answer(481, [])
    if (typeof granted !== 'number') return answer(granted.final.status, granted.final.headers ?? [])
    if (!mayRead()) {
      answer(403, [])
      return this.end('rejected')
    }
    const expires = Math.min(granted, proven())
    if (expires <= 0) {
      answer(403, [])
      return this.end('deactivated')
    }
    this.#expiresAt = clock.now() + expires * 1_000_000
    this.#watchExpiry()
    answer(200, [['Expires', String(expires)]])
    this.#told = false
    void this.#send()
  }

  #watchExpiry(): void {
    this.#stopExpiry()
    const { clock } = this.options
    this.#stopExpiry = clock.after((this.#expiresAt - clock.now()) / 1000, () => this.end('timeout'))
  }

  #over(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#stopExpiry()
    this.#stopPause()
    this.#reader.close()
    this.options.ended(this)
    this.#done()
  }
}
