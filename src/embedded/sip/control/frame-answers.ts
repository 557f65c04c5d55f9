import type { SipRequest, SipResponse } from '../message/message.js'
import type { Flow } from '../transport/transport.js'
import type { ProxyListener, Requester } from './app.js'
import { messageFrame, notOkFrame, okFrame, proxyResponseFrame, requestSentFrame } from './wire.js'

/** The connection that frames go to. */
interface FrameSink {
  readonly connected: boolean
  send(frame: string): void
}

/** Tells an app by frames what became of a request that it sent by a command of that id. */
export class FrameRequester implements Requester {
  constructor(
    private readonly app: FrameSink,
    private readonly commandId: string,
  ) {}

  refused(reason: string): void {
    this.app.send(notOkFrame(this.commandId, reason))
  }

  sent(id: string, request: SipRequest, flow: Flow): void {
    if (this.app.connected) this.app.send(requestSentFrame(this.commandId, id, request, flow))
  }

  response(id: string, dialogId: string, response: SipResponse, flow: Flow): void {
    if (this.app.connected) this.app.send(messageFrame(id, dialogId, response, flow))
  }
}

export class FrameProxyListener implements ProxyListener {
  constructor(
    private readonly app: FrameSink,
    private readonly commandId: string,
  ) {}

  refused(reason: string): void {
    this.app.send(notOkFrame(this.commandId, reason))
  }

  response(response: SipResponse, flow: Flow): void {
    this.app.send(proxyResponseFrame(this.commandId, response, flow))
  }

  done(): void {
    this.app.send(okFrame(this.commandId, 'done'))
  }
}
