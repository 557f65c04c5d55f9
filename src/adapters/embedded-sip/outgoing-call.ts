import { isIP } from 'node:net'
import type { Flow, HeaderLine, Requester, SipRequest, SipResponse } from '../../embedded/sip/index.js'
import { type DialRequest, type Leg, type OutgoingCall, SipFailure } from '../../ports/signaling.js'
import { parseUri } from '../../sip-text/uri.js'
import { UNHEARD } from './dialog-request.js'
import { answerChallenge } from './digest.js'
import { EmbeddedLeg } from './leg.js'
import { type Dependent, type DialogUser, type Line, reasonOf } from './line.js'
import type { Strays } from './strays.js'

/**
 * An INVITE of ours, until it has its final answer. Its deadlines are those of its transaction: timers B and C, and
 * 64·T1 after a CANCEL.
 */
export class EmbeddedOutgoingCall implements OutgoingCall, Requester, Dependent, DialogUser {
  readonly answered: Promise<Leg>
  private resolve!: (leg: Leg) => void
  private reject!: (failure: SipFailure) => void
  private over = false
  /** The INVITE that is under way. */
  private sentAs: { readonly id: string; readonly request: SipRequest } | undefined
  private cancelReason: string | undefined
  private challenged = false
  /** Of its early dialog. */
  private dialogId: string | undefined

  constructor(
    private readonly line: Line,
    private readonly request: DialRequest,
    private readonly strays: Strays,
  ) {
    this.answered = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    line.dependents.add(this)
    this.invite(
      [['From', request.from], ['To', request.to], ['Call-ID', request.callId], ...request.headers],
      request.proxy,
    )
  }

  cancel(reason: string): void {
    if (this.cancelReason !== undefined) return
    this.cancelReason = reason
    if (this.sentAs !== undefined && !this.over) this.sendCancel(this.sentAs.id, reason)
  }

  refused(reason: string): void {
    this.fail(new SipFailure(503, reason))
  }

  sent(id: string, request: SipRequest): void {
    this.sentAs = { id, request }
    if (this.cancelReason !== undefined) this.sendCancel(id, this.cancelReason)
  }

  response(_id: string, dialogId: string, response: SipResponse, flow: Flow): void {
    const { status } = response
    if (this.over) return
    if (status < 200) this.progress(dialogId, response)
    else if (status < 300) this.accepted(dialogId, response)
    else if (!this.retried(response, flow)) {
      this.fail(new SipFailure(status, `the INVITE was answered with ${status}`, reasonOf(response)))
    }
  }

  lost(): void {
    this.fail(new SipFailure(503, 'the gateway went away'))
  }

  /** Before the answer the other side may send an UPDATE: it gets our offer again. The rest is nobody's. */
  dialogRequest(id: string, request: SipRequest, flow: Flow): void {
    if (request.method !== 'UPDATE') return this.strays.request(id, request, flow)
    this.line.answer(id, 200, request.body.length > 0 ? { body: this.request.sdp } : {})
  }

  /** The final response is still to come. */
  endedByServer(): void {
    return undefined
  }

  private invite(headers: readonly HeaderLine[], proxy: string | undefined): void {
    const { uri, sdp: body } = this.request
    try {
      this.line.send({ method: 'INVITE', uri, dialogId: '', proxy, headers, body }, this)
    } catch (error) {
      this.refused(error instanceof Error ? error.message : String(error))
    }
  }

  private progress(dialogId: string, response: SipResponse): void {
    this.dialogId = dialogId
    this.line.dialogs.set(dialogId, this)
    try {
      this.request.progressed({ status: response.status, sdp: response.body.toString('utf8') })
    } catch (error) {
      this.line.log.error({ err: error, callId: this.request.callId }, 'a provisional response met an error')
    }
    const rseq = response.headers.get('rseq')
    if (rseq === undefined || this.sentAs === undefined) return
    const rack = `${rseq} ${this.sentAs.request.headers.get('cseq') ?? ''}`
    this.line.send({ method: 'PRACK', dialogId, headers: [['RAck', rack]] }, UNHEARD)
  }

  /** The leg is there before its ACK goes out: the server may end it right then. */
  private accepted(dialogId: string, response: SipResponse): void {
    const remoteSdp = response.body.toString('utf8')
    const leg = new EmbeddedLeg(this.line, { dialogId, remoteSdp, password: this.request.credentials })
    this.line.send({ method: 'ACK', dialogId }, UNHEARD)
    if (response.headers.has('contact')) {
      this.finish()
      return this.resolve(leg)
    }
    // Without it nothing can be sent within the dialog; the server sees to its end.
    leg.lost()
    this.fail(new SipFailure(500, 'the answer has no Contact'))
  }

  /** Sends the INVITE again where it was challenged and can answer (RFC 3261 §22.2), once. */
  private retried(response: SipResponse, flow: Flow): boolean {
    const { credentials } = this.request
    const { status } = response
    const first = this.sentAs?.request
    if (status !== 401 && status !== 407) return false
    if (credentials === undefined || this.challenged || first === undefined) return false
    const proof = this.cancelReason === undefined && answerChallenge(first, response, credentials)
    if (!proof) return false
    this.challenged = true
    const number = Number.parseInt(first.headers.get('cseq') ?? '', 10) + 1
    this.invite(
      [
        // With its tag, as the first one was sent.
        ['From', first.headers.get('from') ?? this.request.from],
        ['To', this.request.to],
        ['Call-ID', this.request.callId],
        ['CSeq', `${number} INVITE`],
        ...this.request.headers,
        proof,
      ],
      challengerOf(this.request, flow),
    )
    return true
  }

  private sendCancel(id: string, reason: string): void {
    const { line, request } = this
    const lines = [['Reason', reason.replace(/[\r\n]+/g, ' ')] as const]
    const outcome = line.commands.sendCancel(line.app, id, { lines, body: Buffer.alloc(0) })
    if (!('refused' in outcome)) return
    line.log.debug({ why: outcome.refused, callId: request.callId }, 'a CANCEL was not taken')
  }

  private fail(failure: SipFailure): void {
    if (!this.finish()) return
    // A challenge that came after our CANCEL has ended the call as well.
    const { status } = failure
    const cancelled = this.cancelReason !== undefined && (status === 401 || status === 407)
    this.reject(cancelled ? new SipFailure(487, 'cancelled', failure.reason) : failure)
  }

  private finish(): boolean {
    if (this.over) return false
    this.over = true
    this.line.dependents.delete(this)
    if (this.dialogId !== undefined) this.line.forget(this.dialogId, this)
    return true
  }
}

/**
 * Where the INVITE with credentials goes: to the very server that challenged, which a name may not lead to again. A
 * server that is known by its certificate keeps its name.
 */
function challengerOf({ uri, proxy }: DialRequest, flow: Flow): string | undefined {
  const hop = parseUri(proxy ?? uri)
  const { protocol } = flow.point
  if (hop?.kind !== 'sip' || (protocol !== 'udp' && protocol !== 'tcp')) return proxy
  if (isIP(hop.host.replace(/^\[|\]$/g, '')) !== 0) return proxy
  const { address, port } = flow.remote
  return `sip:${address.includes(':') ? `[${address}]` : address}:${port};transport=${protocol}`
}
