import type { Flow, SipRequest } from '../../embedded/sip/index.js'
import {
  type IncomingSubscription,
  SipFailure,
  type SipTransaction,
  type SubscriptionDialog,
  type SubscriptionEvents,
} from '../../ports/signaling.js'
import { sendInDialog } from './dialog-request.js'
import type { Dependent, DialogUser, Line } from './line.js'
import { EmbeddedTransaction } from './request.js'

/** A SUBSCRIBE out of dialog. */
export class EmbeddedSubscription extends EmbeddedTransaction implements IncomingSubscription {
  // Async, so that what cannot be sent rejects.
  // eslint-disable-next-line @typescript-eslint/require-await
  async accept({
    expires,
    headers = [],
  }: Parameters<IncomingSubscription['accept']>[0]): Promise<SubscriptionDialog> {
    // As over drachtio-srf, which says 202; a subscriber takes it for 200 (RFC 6665 §8.3.1).
    const answer = { headers: [...headers, ['Expires', String(expires)] as const] }
    return new Notifying(this.line, this.line.respond(this.id, 202, answer))
  }
}

type Told =
  | { readonly event: 'refreshed'; readonly request: SipTransaction }
  | { readonly event: 'unsubscribed' | 'lost' }

/** The notifier's end of a subscription. */
class Notifying implements SubscriptionDialog, DialogUser, Dependent {
  private events: SubscriptionEvents | undefined
  /** What comes between the answer and the moment that somebody listens. */
  private early: Told[] = []

  constructor(
    private readonly line: Line,
    private readonly dialogId: string,
  ) {
    line.dialogs.set(dialogId, this)
    line.dependents.add(this)
  }

  listen(events: SubscriptionEvents): void {
    this.events = events
    for (const told of this.early.splice(0)) this.tell(told)
  }

  notify({ headers, ended, document }: Parameters<SubscriptionDialog['notify']>[0]): Promise<void> {
    const sending = {
      method: 'NOTIFY',
      headers:
        document === undefined ? headers : [...headers, ['Content-Type', document.contentType] as const],
      ...(document !== undefined && { body: document.body }),
    }
    return new Promise((resolve, reject) => {
      sendInDialog(this.line, this.dialogId, sending, undefined, (outcome) => {
        if (ended) this.forget()
        if (outcome instanceof SipFailure) reject(outcome)
        else if (outcome >= 300) reject(new SipFailure(outcome, `NOTIFY was answered with ${outcome}`))
        else resolve()
      })
    })
  }

  dialogRequest(id: string, request: SipRequest, flow: Flow): void {
    switch (request.method) {
      case 'SUBSCRIBE': {
        if (request.headers.get('expires')?.trim() !== '0') {
          return this.tell({
            event: 'refreshed',
            request: new EmbeddedTransaction(this.line, id, request, flow),
          })
        }
        this.line.answer(id, 202, { headers: [['Expires', '0']] })
        return this.tell({ event: 'unsubscribed' })
      }
      case 'OPTIONS':
        return this.line.answer(id, 200)
      default:
        return this.line.answer(id, 405, { headers: [['Allow', 'SUBSCRIBE, OPTIONS']] })
    }
  }

  /** No BYE ends a subscription. */
  endedByServer(): void {
    return undefined
  }

  lost(): void {
    this.forget()
    this.tell({ event: 'lost' })
  }

  private forget(): void {
    this.line.forget(this.dialogId, this)
    this.line.dependents.delete(this)
  }

  private tell(told: Told): void {
    const { events } = this
    if (events === undefined) {
      this.early.push(told)
      return
    }
    try {
      if (told.event === 'refreshed') events.refreshed(told.request)
      else events[told.event]()
    } catch (error) {
      this.line.log.error({ err: error }, 'a subscription could not be handled')
    }
  }
}
