import type { Flow, SipRequest } from '../../embedded/sip/index.js'
import {
  type IncomingSubscription,
  SipFailure,
  type SubscriptionDialog,
  type SubscriptionEvents,
} from '../../ports/signaling.js'
import { SubscriptionListener } from '../../ports/subscription-listener.js'
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

/** The notifier's end of a subscription. */
class Notifying implements SubscriptionDialog, DialogUser, Dependent {
  private readonly listener: SubscriptionListener

  constructor(
    private readonly line: Line,
    private readonly dialogId: string,
  ) {
    this.listener = new SubscriptionListener(line.log)
    line.dialogs.set(dialogId, this)
    line.dependents.add(this)
  }

  listen(events: SubscriptionEvents): void {
    this.listener.listen(events)
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
          return this.listener.tell({
            event: 'refreshed',
            request: new EmbeddedTransaction(this.line, id, request, flow),
          })
        }
        this.line.answer(id, 202, { headers: [['Expires', '0']] })
        return this.listener.tell({ event: 'unsubscribed' })
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
    this.listener.tell({ event: 'lost' })
  }

  private forget(): void {
    this.line.forget(this.dialogId, this)
    this.line.dependents.delete(this)
  }
}
