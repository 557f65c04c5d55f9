import type { Log } from '../../ports/log.js'
import { SipFailure, type Signaling, type SignalingHandlers } from '../../ports/signaling.js'
import { EmbeddedGateway, type EmbeddedGatewayOptions } from './gateway.js'

/** SIP through embedded servers of this process. They are taken into service after the caller's turn. */
export function createEmbeddedSignaling(
  gateways: readonly EmbeddedGatewayOptions[],
  handlers: SignalingHandlers,
  log: Log,
): Signaling {
  const all = gateways.map((options) => new EmbeddedGateway(options, handlers, log))
  let closed = false
  // The handlers may name what this function has yet to return.
  queueMicrotask(() => {
    if (!closed) for (const gateway of all) gateway.open()
  })
  return {
    get gateways() {
      return all.map(({ status }) => status)
    },
    dial(request) {
      const { gateway: wanted } = request
      const gateway = all.find((one) => (wanted === undefined ? one.connected : one.name === wanted))
      if (gateway !== undefined) return gateway.dial(request)
      return {
        answered: Promise.reject(new SipFailure(503, 'no SIP server is up')),
        cancel: () => undefined,
      }
    },
    close() {
      closed = true
      for (const gateway of all) gateway.close()
      return Promise.resolve()
    },
  }
}
