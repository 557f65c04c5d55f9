import type { SipRequest, SipResponse } from '../message/message.js'
import { parseNameAddr } from '../message/name-addr.js'
import { parseUri } from '../message/uri.js'
import { parseNumber } from '../message/values.js'
import type { Timer, TimerSet } from '../timer-set.js'
import type { Flow } from '../transport/transport.js'

interface Entry {
  readonly flow: Flow
  readonly expiry: Timer
  readonly unsubscribe: () => void
}

/**
 * Which connection a registered Contact is reached by. A phone behind a NAT registers an address that nobody
 * can connect to; requests to it go over the connection that the REGISTER came in on, for as long as both the
 * registration and the connection last.
 */
export class RegisteredFlows {
  private readonly entries = new Map<string, Entry>()

  constructor(private readonly timers: TimerSet) {}

  find(uri: string): Flow | undefined {
    const key = keyOf(uri)
    const flow = key === undefined ? undefined : this.entries.get(key)?.flow
    return flow?.open ? flow : undefined
  }

  /** Learns from a REGISTER or SUBSCRIBE that an app accepted. Datagram flows have nothing to keep. */
  learn(request: SipRequest, answer: SipResponse, flow: Flow): void {
    if (!flow.point.reliable) return
    for (const contact of request.headers.list('contact')) {
      const address = parseNameAddr(contact)
      const key = address && keyOf(address.uri)
      if (key === undefined) continue
      this.forget(key)
      const seconds = grantedSeconds(key, request, answer)
      if (seconds > 0) this.remember(key, flow, seconds)
    }
  }

  private remember(key: string, flow: Flow, seconds: number): void {
    // Longer than a timer can run is as good as for ever: the connection will not live that long.
    const ms = Math.min(seconds * 1000, 2 ** 31 - 1)
    this.entries.set(key, {
      flow,
      expiry: this.timers.start(ms, () => this.forget(key)),
      unsubscribe: flow.onClose(() => this.forget(key)),
    })
  }

  private forget(key: string): void {
    const entry = this.entries.get(key)
    if (!entry) return
    this.entries.delete(key)
    entry.expiry.stop()
    entry.unsubscribe()
  }
}

function keyOf(uri: string): string | undefined {
  const parsed = parseUri(uri)
  return parsed && `${parsed.user ?? ''}@${parsed.host}:${parsed.port ?? ''}`
}

/** What the answer grants that Contact (RFC 3261 §10.3 step 8); a SUBSCRIBE's says it by Expires. */
function grantedSeconds(key: string, request: SipRequest, answer: SipResponse): number {
  if (request.method === 'REGISTER') {
    const granted = answer.headers.list('contact').map(parseNameAddr)
    const own = granted.find((address) => address && keyOf(address.uri) === key)
    if (!own) return 0
    const expires = own.params.get('expires')
    if (expires !== undefined) return parseNumber(expires, 2 ** 32 - 1) ?? 0
  }
  return parseNumber(answer.headers.get('expires') ?? '', 2 ** 32 - 1) ?? 0
}
