import { cseqOf, type SipMessage, type SipRequest, type SipResponse } from './message.js'

/** For `expect`, `find` and `dropFirst`: a request of this method. */
export function isRequest(method: string): (message: SipMessage) => message is SipRequest {
  return (message): message is SipRequest => message.kind === 'request' && message.method === method
}

/** A response of this status, to that method where one is named. */
export function isResponse(status: number, method?: string): (message: SipMessage) => message is SipResponse {
  return (message): message is SipResponse =>
    message.kind === 'response' &&
    message.status === status &&
    (method === undefined || cseqOf(message).method === method)
}
