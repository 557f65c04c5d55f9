import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import type { PresenceControl } from '../../ports/presence.js'
import type { Final, IncomingSubscription, SipRequest } from '../../ports/signaling.js'
import { SUBSCRIPTION_LIMITS, type SubscriptionLimits } from './limits.js'
import { ALLOW_EVENTS } from './packages.js'
import type { NoReader, SipReader } from './reading-gate.js'
import { readSubscribe } from './subscribe-request.js'
import { Subscription } from './subscription.js'

export interface NotifierDeps {
  readonly presence: Pick<PresenceControl, 'reader'>
  /** Who asks, or the answer where that is not proven. */
  readonly identify: (request: SipRequest) => Promise<SipReader | NoReader>
  /** The user or client that a name or number means. */
  readonly userOf: (called: string) => string | undefined
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<SubscriptionLimits>
}

/** Tells phones by SIP how users are (RFC 6665, RFC 3856, RFC 4235). Its subscriptions live as long as this node. */
export class Notifier {
  readonly #live = new Set<Subscription>()
  readonly #limits: SubscriptionLimits
  #opening = 0
  #closed = false

  constructor(private readonly deps: NotifierDeps) {
    this.#limits = { ...SUBSCRIPTION_LIMITS, ...deps.limits }
  }

  get size(): number {
    return this.#live.size
  }

  /** Never throws. */
  subscribe(subscription: IncomingSubscription): void {
    this.#open(subscription).catch((error: unknown) => {
      this.deps.log.error({ err: error, callId: subscription.callId }, 'a SUBSCRIBE could not be handled')
      this.#refuse(subscription, { status: 500 }, 'a fault of ours')
    })
  }

  /** To be called where some may not read any more: tokens were revoked, or the configuration has changed. */
  recheck(): void {
    for (const subscription of [...this.#live]) subscription.recheck()
  }

  /** Phones subscribe anew at once, at another node where there is one. */
  async close(): Promise<void> {
    this.#closed = true
    const last = [...this.#live].map((subscription) => {
      subscription.end('deactivated')
      return subscription.done
    })
    let stop = (): void => undefined
    const late = new Promise<void>((resolve) => (stop = this.deps.clock.after(this.#limits.lastMs, resolve)))
    await Promise.race([Promise.all(last), late])
    stop()
  }

  async #open(subscription: IncomingSubscription): Promise<void> {
    const { presence, clock, log, identify, userOf } = this.deps
    if (this.#closed || this.#live.size + this.#opening >= this.#limits.most) {
      return this.#refuse(
        subscription,
        { status: 503, headers: [['Retry-After', '10']] },
        'too many subscriptions',
      )
    }
    const asked = readSubscribe(subscription, this.#limits)
    if ('final' in asked) return this.#refuse(subscription, asked.final, asked.why)
    this.#opening += 1
    try {
      const reader = await identify(subscription)
      if (reader.kind === 'refused') {
        return this.#refuse(subscription, reader.final, reader.why, reader.routine)
      }
      const user = userOf(asked.called)
      // Whether there is such a user is not told to those who may not read it.
      if (user === undefined || !reader.mayRead(user)) {
        const unknown = user === undefined && reader.mayRead('*')
        const final = unknown ? { status: 404 } : { status: 403, headers: reader.denied }
        return this.#refuse(subscription, final, `${reader.name} asks for ${asked.called}`)
      }
      const proven = (): number => Math.floor((reader.provenUntil - clock.now()) / 1_000_000)
      const expires = Math.min(asked.expires, Math.max(0, proven()))
      const headers = [['Allow-Events', ALLOW_EVENTS]] as const
      const dialog = await subscription.accept({ expires, headers })
      log.debug({ user, reader: reader.name, expires }, 'a subscription to presence')
      const live = new Subscription(dialog, {
        ...{ asked: { ...asked, expires }, user, presence, clock, log, limits: this.#limits, proven },
        mayRead: () => reader.mayRead(user),
        ended: (one) => this.#live.delete(one),
      })
      this.#live.add(live)
      if (this.#closed) live.end('deactivated')
      // It may have been while the SUBSCRIBE was answered.
      live.recheck()
    } finally {
      this.#opening -= 1
    }
  }

  #refuse(subscription: IncomingSubscription, final: Final, why: string, routine = false): void {
    const { log } = this.deps
    log[routine ? 'debug' : 'info'](
      { status: final.status, why, source: subscription.source },
      'SUBSCRIBE refused',
    )
    subscription.respond(final).catch((error: unknown) => {
      log.info({ err: error }, 'a SUBSCRIBE could not be answered')
    })
  }
}
