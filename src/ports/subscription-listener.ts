import type { Log } from './log.js'
import type { SipTransaction, SubscriptionEvents } from './signaling.js'

export type SubscriptionNews =
  | { readonly event: 'refreshed'; readonly request: SipTransaction }
  | { readonly event: 'unsubscribed' | 'lost' }

/** Who hears of a subscription, and what comes between its answer and the moment that somebody listens. */
export class SubscriptionListener {
  private events: SubscriptionEvents | undefined
  private early: SubscriptionNews[] = []

  constructor(private readonly log: Log) {}

  listen(events: SubscriptionEvents): void {
    this.events = events
    for (const news of this.early.splice(0)) this.tell(news)
  }

  /** Never throws. */
  tell(news: SubscriptionNews): void {
    const { events } = this
    if (events === undefined) {
      this.early.push(news)
      return
    }
    try {
      if (news.event === 'refreshed') events.refreshed(news.request)
      else events[news.event]()
    } catch (error) {
      this.log.error({ err: error }, 'a subscription could not be handled')
    }
  }
}
