import { Caller, Phone, type MediaOptions } from '../../src/demo/index.js'
import type { SessionTimerOptions } from '../../src/demo/session-timer.js'
import type { Protocol } from '../../src/demo/sip/transport.js'

export interface PairOptions {
  readonly protocol?: Protocol
  /** Milliseconds; short, so that lost messages come again soon. */
  readonly t1?: number
  readonly phoneMedia?: MediaOptions
  readonly callerMedia?: MediaOptions
  readonly sessionTimer?: SessionTimerOptions
}

export interface Pair {
  readonly caller: Caller
  readonly phone: Phone
  close(): Promise<void>
}

/** A caller and a phone that speak to each other directly, with no server between them. */
export async function openPair(options: PairOptions = {}): Promise<Pair> {
  const { protocol = 'udp', t1 = 40, sessionTimer } = options
  const timers = { t1, t2: 4 * t1, t4: 4 * t1 }
  const nowhere = { host: '127.0.0.1', port: 9 }
  const caller = await Caller.open({
    user: 'alice',
    protocol,
    timers,
    proxy: nowhere,
    sessionTimer,
    media: { hz: 800, ...options.callerMedia },
  })
  const phone = await Phone.open({
    user: 'bob',
    domain: '127.0.0.1',
    protocol,
    timers,
    proxy: caller.peer.local,
    sessionTimer,
    media: { hz: 1000, ...options.phoneMedia },
  })
  caller.proxy = phone.peer.local
  const close = async (): Promise<void> => {
    await caller.close()
    await phone.close()
  }
  return { caller, phone, close }
}

export const bob = 'sip:bob@127.0.0.1'
