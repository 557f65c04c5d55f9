import type { Flow, SipRequest } from '../../embedded/sip/index.js'

/** Who takes requests that no call and no dialog takes. */
export interface Strays {
  request(id: string, request: SipRequest, flow: Flow): void
}
