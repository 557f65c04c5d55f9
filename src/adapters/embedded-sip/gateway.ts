import type { AttachedApp, Attachment, Flow, SipRequest, SipServer } from '../../embedded/sip/index.js'
import type { Log } from '../../ports/log.js'
import {
  type DialRequest,
  type GatewayStatus,
  type OutgoingCall,
  SipFailure,
  type SignalingHandlers,
} from '../../ports/signaling.js'
import { EmbeddedIncomingCall } from './incoming-call.js'
import { Line, reasonOf } from './line.js'
import { EmbeddedOutgoingCall } from './outgoing-call.js'
import { EmbeddedTransaction } from './request.js'
import type { Strays } from './strays.js'
import { EmbeddedSubscription } from './subscription.js'

/** Where this side is reached by what server. */
export interface EmbeddedGatewayOptions {
  readonly name: string
  readonly region?: string
  readonly server: Pick<SipServer, 'attach' | 'advertised'>
}

/** Methods that are taken outside of a dialog. Without a route the server would say that it is out of service (503). */
const METHODS = [
  ...['invite', 'register', 'options', 'subscribe'],
  ...['message', 'notify', 'publish', 'refer', 'info'],
]

/** One embedded server, driven by calls within the process. Once it is closed it is gone for good. */
export class EmbeddedGateway implements AttachedApp, Strays {
  private attachment: Attachment | undefined
  private line: Line | undefined
  /** INVITEs without a final response, by transaction id. */
  private readonly calls = new Map<string, EmbeddedIncomingCall>()
  private readonly callOver = (id: string): void => void this.calls.delete(id)

  constructor(
    private readonly options: EmbeddedGatewayOptions,
    private readonly handlers: SignalingHandlers,
    private readonly log: Log,
  ) {}

  get name(): string {
    return this.options.name
  }

  get connected(): boolean {
    return this.line !== undefined
  }

  get status(): GatewayStatus {
    const { name, region, server } = this.options
    return {
      ...{ name, up: this.connected, listening: server.advertised },
      ...(region === undefined ? {} : { region }),
    }
  }

  /** Takes requests from now on. */
  open(): void {
    const { name, server } = this.options
    this.attachment = server.attach(this, METHODS)
    this.line = new Line(name, this, this.attachment.commands, this.log)
    this.handlers.gatewayUp(name)
  }

  dial(request: DialRequest): OutgoingCall {
    if (this.line !== undefined) return new EmbeddedOutgoingCall(this.line, request, this)
    const answered = Promise.reject(new SipFailure(503, `gateway ${this.name} is away`))
    return { answered, cancel: () => undefined }
  }

  /** Leaves the server; what is under way on it is given up. */
  close(): void {
    const { attachment } = this
    this.leave()
    attachment?.detach()
  }

  serverClosed(): void {
    this.leave()
    this.log.warn({ gateway: this.name }, 'the SIP server is away')
    this.handlers.gatewayLost(this.name)
  }

  request(id: string, request: SipRequest, flow: Flow): void {
    const { line, handlers } = this
    if (line === undefined) return
    try {
      switch (request.method) {
        case 'INVITE': {
          const call = new EmbeddedIncomingCall(line, id, request, flow, this, this.callOver)
          this.calls.set(id, call)
          return handlers.invite(call)
        }
        case 'REGISTER':
          return handlers.register(new EmbeddedTransaction(line, id, request, flow))
        case 'OPTIONS':
          return handlers.options(new EmbeddedTransaction(line, id, request, flow))
        case 'SUBSCRIBE':
          return this.subscribed(line, id, request, flow)
        default:
          return handlers.other(new EmbeddedTransaction(line, id, request, flow))
      }
    } catch (error) {
      // An error of ours costs the request that met it, and no other.
      this.log.error({ err: error, gateway: this.name }, 'a request could not be handled')
      line.answer(id, 500)
      this.calls.get(id)?.lost()
    }
  }

  dialogRequest(id: string, dialogId: string, request: SipRequest, flow: Flow): void {
    const { line } = this
    if (line === undefined) return
    const user = line.dialogs.get(dialogId)
    if (user !== undefined) return this.guard(() => user.dialogRequest(id, request, flow))
    // The call is over on this side.
    if (request.method !== 'ACK') line.answer(id, request.method === 'BYE' ? 200 : 481)
  }

  cancelled(id: string, _dialogId: string, cancel: SipRequest): void {
    this.guard(() => this.calls.get(id)?.cancelledBecause(reasonOf(cancel)))
  }

  dialogEnded(dialogId: string, bye: SipRequest): void {
    this.guard(() => this.line?.dialogs.get(dialogId)?.endedByServer(reasonOf(bye)))
  }

  /** None was asked for. */
  record(): void {
    return undefined
  }

  /** The server goes on with what it was about to do, whatever becomes of what it tells. */
  private guard(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.log.error({ err: error, gateway: this.name }, 'what the SIP server told could not be handled')
    }
  }

  private subscribed(line: Line, id: string, request: SipRequest, flow: Flow): void {
    const { handlers } = this
    if (handlers.subscribe === undefined) {
      return handlers.other(new EmbeddedTransaction(line, id, request, flow))
    }
    handlers.subscribe(new EmbeddedSubscription(line, id, request, flow))
  }

  private leave(): void {
    const { line } = this
    this.line = undefined
    this.attachment = undefined
    if (line === undefined) return
    for (const call of [...this.calls.values()]) call.lost()
    line.dialogs.clear()
    for (const dependent of [...line.dependents]) dependent.lost()
  }
}
