import type { HeaderFields } from './sip/build.js'
import { hasOption, header, type SipMessage, type SipRequest } from './sip/message.js'
import { parseNameAddr } from './sip/uri.js'

export interface SessionTimerOptions {
  readonly seconds: number
  readonly minSeconds?: number
  /** What a caller asks for. */
  readonly refresher?: 'uac' | 'uas'
}

interface Effects {
  readonly refresh: () => Promise<void>
  readonly expired: () => Promise<void>
}

/** RFC 4028 from one side: refreshes at half time, or waits for the other to do so and gives up shortly before. */
export class SessionTimer {
  #timeout: NodeJS.Timeout | undefined
  #seconds: number | undefined

  constructor(private readonly effects: Effects) {}

  /** For a refresh of ours: the interval as agreed, and that we go on refreshing. */
  requestFields(): HeaderFields {
    if (this.#seconds === undefined) return {}
    return { Supported: 'timer', 'Session-Expires': `${this.#seconds};refresher=uac` }
  }

  /** What goes into the 2xx for a request that brings an interval; who asked stays the refresher unless it said. */
  answerFields(request: SipRequest): HeaderFields {
    const asked = sessionExpires(request)
    if (asked === undefined) return {}
    const refresher = asked.refresher ?? (hasOption(request, 'Supported', 'timer') ? 'uac' : 'uas')
    const fields = { Supported: 'timer', 'Session-Expires': `${asked.seconds};refresher=${refresher}` }
    return refresher === 'uac' ? { ...fields, Require: 'timer' } : fields
  }

  /** A 2xx with the interval was sent or received; `requester`: whose request it answered. Starts anew. */
  agreed(response: SipMessage, requester: 'us' | 'them'): void {
    const agreed = sessionExpires(response)
    if (agreed === undefined) return
    this.stop()
    this.#seconds = agreed.seconds
    const refresher = agreed.refresher ?? 'uac'
    const ours = (refresher === 'uac') === (requester === 'us')
    const ms = agreed.seconds * 1000
    // §10: the one who waits sends BYE a third before the end, at most 32 s.
    const waitMs = ours ? ms / 2 : ms - Math.min(32_000, ms / 3)
    const act = ours ? this.effects.refresh : this.effects.expired
    this.#timeout = setTimeout(() => {
      // Both end in a response or a 408 of our own; neither rejects while the call stands.
      void act()
    }, waitMs)
  }

  stop(): void {
    clearTimeout(this.#timeout)
  }
}

/** What a caller's INVITE says of session timers. */
export function inviteTimerFields(options: SessionTimerOptions | undefined): HeaderFields {
  if (options === undefined) return {}
  const refresher = options.refresher === undefined ? '' : `;refresher=${options.refresher}`
  const least = options.minSeconds === undefined ? {} : { 'Min-SE': String(options.minSeconds) }
  return { Supported: 'timer', 'Session-Expires': `${options.seconds}${refresher}`, ...least }
}

function sessionExpires(
  message: SipMessage,
): { seconds: number; refresher: 'uac' | 'uas' | undefined } | undefined {
  const value = header(message, 'Session-Expires')
  if (value === undefined) return undefined
  const { uri, params } = parseNameAddr(value)
  const seconds = Number(uri)
  const refresher = params.get('refresher')
  if (!Number.isFinite(seconds)) return undefined
  return { seconds, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined }
}
