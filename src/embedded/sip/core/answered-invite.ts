import type { App } from '../control/app.js'
import { cseqOf, toTag, type SipRequest, type SipResponse } from '../message/message.js'
import { serialize } from '../message/serialize.js'
import type { ClientTransaction, ClientUser } from '../transaction/client-transaction.js'
import { pack, unpack } from '../transaction/packed.js'
import type { Flow } from '../transport/transport.js'
import type { Context } from './context.js'
import { learnPeer, uacDialog } from './dialog-setup.js'
import { dialogFlow, withFlow } from './sending.js'

/**
 * What is left of an INVITE once its ACK is sent, for as long as its 2xx may come again (RFC 6026 §7.2: 32 s): that
 * ACK, and nothing of the app's, whose call may be over long before.
 */
export class AnsweredInvite implements ClientUser {
  private readonly ack: string

  /** @param winner To tag of the 2xx that made the call */
  constructor(
    private readonly context: Context,
    private readonly app: App,
    private readonly transaction: ClientTransaction,
    private readonly winner: string,
    ack: SipRequest,
    private readonly flow: Flow,
  ) {
    this.ack = pack(serialize(ack))
  }

  response(response: SipResponse, flow: Flow): void {
    if (toTag(response) !== this.winner)
      return endFork(this.context, this.app, this.transaction, response, flow)
    this.context.counters.retransmissionsIn++
    this.context.counters.retransmissionsOut++
    this.sendAck()
  }

  failed(): void {
    // It was answered.
  }

  sendAck(): void {
    this.context.counters.messagesOut++
    this.flow.send(unpack(this.ack))
  }
}

/** RFC 3261 §13.2.2.4: a further fork that answered is acknowledged and ended; the app never hears of it. */
export function endFork(
  context: Context,
  app: App,
  { request, flow: sentOn }: ClientTransaction,
  response: SipResponse,
  flow: Flow,
): void {
  const fork = uacDialog(app, request, sentOn)
  learnPeer(context, fork, response, flow)
  const ack = fork.createRequest('ACK', { cseq: cseqOf(request)?.number ?? 1 })
  const bye = fork.createRequest('BYE')
  withFlow(context, dialogFlow(context, fork, ack), (out) => {
    context.layer.addVia(ack, out)
    context.layer.sendAlone(ack, out)
    context.layer.prepare(bye, out, { response: () => undefined, failed: () => undefined }).start()
  })
}
