import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import {
  type DialRequest,
  type OutgoingCall,
  SipFailure,
  type Signaling,
  type SignalingHandlers,
} from '../../ports/signaling.js'
import { Gateway, type GatewayOptions } from './gateway.js'

/** SIP through one or many drachtio servers, or through the embedded one, which speaks the same protocol. */
export function createSignaling(
  gateways: readonly GatewayOptions[],
  handlers: SignalingHandlers,
  clock: Clock,
  log: Log,
): Signaling {
  const all = gateways.map((options) => new Gateway(options, handlers, clock, log))
  return {
    get gateways() {
      return all.map(({ status }) => status)
    },
    dial: (request) => choose(all, request),
    close() {
      for (const gateway of all) gateway.close()
      return Promise.resolve()
    },
  }
}

/** A device is reached by the gateway that it registered on, whose flow it is (RFC 5626 §5.3); others by any. */
function choose(all: readonly Gateway[], request: DialRequest): OutgoingCall {
  const gateway = all.find((g) => (request.gateway === undefined ? g.up : g.name === request.gateway))
  if (gateway !== undefined) return gateway.dial(request)
  return {
    answered: Promise.reject(new SipFailure(503, 'no SIP server is up')),
    cancel: () => undefined,
  }
}
