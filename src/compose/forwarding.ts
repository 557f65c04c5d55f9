import type { Ending } from '../call/ending.js'
import type { SipRequest } from '../ports/signaling.js'
import type { Trunk } from '../routing/table.js'
import type { ForwardedAs, Forwarding } from '../runtime/services.js'

/** Primary calls need the calls, and these primary calls: until both are there, every INVITE is an ordinary one. */
export class LateForwarding implements Forwarding {
  private known: Forwarding | undefined

  use(forwarding: Forwarding): void {
    this.known = forwarding
  }

  match(invite: SipRequest, called: string, trunk: Trunk): ForwardedAs {
    return (
      this.known?.match(invite, called, trunk) ?? {
        kind: 'target',
        target: { kind: 'number', number: called },
      }
    )
  }

  instruct(callId: string): void {
    this.known?.instruct(callId)
  }

  forwarded(callId: string): void {
    this.known?.forwarded(callId)
  }

  ended(callId: string, ending: Ending): void {
    this.known?.ended(callId, ending)
  }
}
