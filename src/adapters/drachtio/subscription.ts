import type { Log } from '../../ports/log.js'
import {
  type IncomingSubscription,
  SipFailure,
  type SubscriptionDialog,
  type SubscriptionEvents,
} from '../../ports/signaling.js'
import { SubscriptionListener } from '../../ports/subscription-listener.js'
import { toFailure, within } from './failure.js'
import { toSrf } from './headers.js'
import { toTransaction } from './request.js'
import type { Dialog, Request, Response, SrfClient } from './srf.js'

/** The server only has to queue the answer. */
const SEND_MS = 5_000
/** A NOTIFY transaction lives 64·T1 = 32 s (RFC 3261 timer F); waiting longer is no use. */
const NOTIFY_MS = 33_000

/** A subscription on one connection to the server, which is gone with it. */
export interface GatewaySubscription {
  /** The gateway is gone: nothing can be sent any more. */
  abandon(): void
}

/** `known`: those of the connection, this one too while it lives. */
export function toSubscription(
  srf: SrfClient,
  req: Request,
  res: Response,
  gateway: string,
  log: Log,
  known: Set<GatewaySubscription>,
): IncomingSubscription {
  const transaction = toTransaction(req, res, gateway)
  return {
    ...transaction,
    accept({ expires, headers = [] }) {
      const answer = { headers: toSrf([...headers, ['Expires', String(expires)]]) }
      return within(SEND_MS, 'SUBSCRIBE answer', (done) =>
        // drachtio-srf says 202, which a subscriber takes for 200 (RFC 6665 §8.3.1).
        srf.createUAS(req, res, answer, (error, dialog) => {
          if (dialog === undefined) done(error ?? new SipFailure(500, 'no dialog came of a SUBSCRIBE'))
          else done(undefined, new Notifying(srf, dialog, gateway, log, known))
        }),
      )
    },
  }
}

class Notifying implements SubscriptionDialog, GatewaySubscription {
  readonly #listener: SubscriptionListener

  constructor(
    private readonly srf: SrfClient,
    private readonly dialog: Dialog,
    gateway: string,
    log: Log,
    private readonly known: Set<GatewaySubscription>,
  ) {
    this.#listener = new SubscriptionListener(log)
    known.add(this)
    dialog.on('subscribe', (req, res) =>
      this.#listener.tell({ event: 'refreshed', request: toTransaction(req, res, gateway) }),
    )
    dialog.on('unsubscribe', () => this.#listener.tell({ event: 'unsubscribed' }))
  }

  listen(events: SubscriptionEvents): void {
    this.#listener.listen(events)
  }

  async notify({ headers, ended, document }: Parameters<SubscriptionDialog['notify']>[0]): Promise<void> {
    const typed =
      document === undefined ? headers : [...headers, ['Content-Type', document.contentType] as const]
    const request = {
      ...{ method: 'NOTIFY', headers: toSrf(typed) },
      ...(document === undefined ? {} : { body: document.body }),
    }
    try {
      const { status } = await within<Response>(NOTIFY_MS, 'NOTIFY', (done) =>
        this.dialog.request(request, done),
      )
      if (status >= 300) throw new SipFailure(status, `NOTIFY was answered with ${String(status)}`)
    } catch (error) {
      throw toFailure(error)
    } finally {
      if (ended) this.#forget()
    }
  }

  abandon(): void {
    this.#forget()
    this.#listener.tell({ event: 'lost' })
  }

  #forget(): void {
    this.known.delete(this)
    // It does so by itself only where it gets the answer to the last NOTIFY.
    this.srf.removeDialog(this.dialog)
  }
}
