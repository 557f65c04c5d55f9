import { replaceTopVia, topVia, type SipRequest, type SipResponse } from '../message/message.js'
import { parseMessage } from '../message/parse.js'
import { isUsableResponse, requestDefect } from '../message/validate.js'
import { stampVia } from '../message/via.js'
import type { SipLimits } from '../options.js'
import type { Counters } from '../stats.js'
import type { Flow } from './transport.js'

/** Where well-formed messages go. */
export interface MessageSink {
  request(request: SipRequest, flow: Flow): void
  response(response: SipResponse, flow: Flow): void
  /** A request that cannot be served, to be answered without further ado. */
  refuse(request: SipRequest, flow: Flow, status: number, reason: string): void
}

/** The way in: bytes are parsed, checked, stamped with their source, and sorted. */
export class Ingress {
  constructor(
    private readonly sink: MessageSink,
    private readonly limits: SipLimits,
    private readonly counters: Counters,
  ) {}

  receive(bytes: Buffer, flow: Flow): void {
    this.counters.messagesIn++
    const parsed = bytes.length > this.limits.messageBytes ? undefined : parseMessage(bytes, this.limits)
    if (!parsed) {
      this.counters.malformed++
      return
    }
    const { message } = parsed
    if (message.kind === 'response') {
      // A response is never answered, so a bad one is dropped.
      if (parsed.defect || !isUsableResponse(message)) this.counters.malformed++
      else this.sink.response(message, flow)
      return
    }
    const defect = parsed.defect ?? requestDefect(message)
    const via = topVia(message)
    if (via) replaceTopVia(message, stampVia(via, flow.remote))
    if (!defect) this.sink.request(message, flow)
    else this.reject(message, flow, defect.status, defect.reason)
  }

  /** A stream whose framing broke: the head, where there is one, still tells whom to answer. */
  receiveBroken(bytes: Buffer, flow: Flow, reason: string): void {
    const message = parseMessage(bytes.subarray(0, this.limits.messageBytes), this.limits)?.message
    if (message?.kind === 'request') this.reject(message, flow, 400, reason)
    else this.counters.malformed++
  }

  private reject(request: SipRequest, flow: Flow, status: number, reason: string): void {
    this.counters.malformed++
    // Without a Via the sender could not match the answer.
    if (request.headers.has('via')) this.sink.refuse(request, flow, status, reason)
  }
}
