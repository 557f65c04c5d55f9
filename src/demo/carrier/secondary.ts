import type { IncomingCall } from '../incoming-call.js'
import type { Phone } from '../phone.js'
import type { PushService } from '../push-service.js'
import type { CellNetwork } from './cell-network.js'

/** Who rings beside the cell phone. */
export interface Secondary {
  readonly name: string
  /** The next call, when it rings there. Rejects with WaitError, or where the phone cannot register. */
  rings(deadlineMs: number): Promise<IncomingCall>
  /** The call is over for it. */
  rests(): Promise<void>
}

/** A phone that is registered. */
export function awake(phone: Phone): Secondary {
  return {
    name: phone.options.user,
    rings: (deadlineMs) => phone.nextCall(deadlineMs),
    rests: () => Promise.resolve(),
  }
}

/** A phone that registered once, and wakes by a push to this token; it shows the token of the call. */
export function asleep(phone: Phone, push: PushService, token: string): Secondary {
  return {
    name: phone.options.user,
    async rings(deadlineMs) {
      for (;;) {
        const { payload } = await push.nextDelivery(token, deadlineMs)
        // The end of an earlier call wakes nobody.
        if (payload['kind'] !== 'call') continue
        const headers = { Authorization: `Bearer ${String(payload['token'])}` }
        const { status, reason } = await phone.wake({ headers })
        if (status !== 200) throw new Error(`REGISTER got ${status} ${reason}`)
        return phone.nextCall(deadlineMs)
      }
    },
    rests: () => phone.sleep(),
  }
}

/** A number that the server calls through the network's trunk. */
export function outside(network: CellNetwork, number: string): Secondary {
  return {
    name: number,
    rings: (deadlineMs) => network.nextCall(number, deadlineMs),
    rests: () => Promise.resolve(),
  }
}
