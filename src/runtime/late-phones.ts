import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { DialRequest, Signaling } from '../ports/signaling.js'
import { SipFailure } from '../ports/signaling.js'
import type { Binding } from '../ports/store.js'
import { flowUri } from '../registrar/flow.js'
import { Recent } from './recent.js'

/** A call that is over, as a phone is told of it that slept through it. */
export interface MissedCall {
  readonly invite: Pick<DialRequest, 'callId' | 'from' | 'to' | 'headers'>
  /** Reason of the CANCEL (RFC 3326). */
  readonly reason: string
}

/** How long after a call a phone that wakes is still told of it, ms: a push service keeps a wake-up no longer. */
const KEEP_MS = 120_000
const MOST = 10_000

/** What an INVITE has to offer that is cancelled before anybody can answer it. */
const NO_MEDIA = [
  'v=0',
  'o=- 0 0 IN IP4 0.0.0.0',
  's=-',
  'c=IN IP4 0.0.0.0',
  't=0 0',
  'm=audio 9 RTP/AVP 0 8',
  'a=inactive',
  '',
].join('\r\n')

/**
 * Devices that were woken for a call which ended before they were there: when one registers after all, it gets the
 * INVITE that it was woken for, and the CANCEL with the reason.
 */
export class LatePhones {
  private readonly owed: Recent<MissedCall>

  constructor(
    private readonly deps: {
      readonly signaling: Pick<Signaling, 'dial'>
      readonly clock: Pick<Clock, 'now'>
      readonly log: Log
    },
  ) {
    this.owed = new Recent(deps.clock, KEEP_MS, MOST)
  }

  owe(deviceId: string, call: MissedCall): void {
    this.owed.remember(deviceId, call)
  }

  /** A phone has registered. */
  registered(binding: Binding): void {
    const missed = binding.deviceId === null ? undefined : this.owed.take(binding.deviceId)
    if (missed !== undefined) void this.tell(missed, binding)
  }

  private async tell({ invite, reason }: MissedCall, binding: Binding): Promise<void> {
    const out = this.deps.signaling.dial({
      uri: binding.uri,
      proxy: flowUri(binding.source),
      gateway: binding.gateway,
      sdp: NO_MEDIA,
      progressed: () => undefined,
      ...invite,
    })
    out.cancel(reason)
    try {
      // It was faster than the CANCEL.
      const leg = await out.answered
      await leg.hangUp(reason)
    } catch (error) {
      const { deviceId } = binding
      if (error instanceof SipFailure) {
        this.deps.log.debug({ deviceId, status: error.status }, 'a late phone was told of its call')
      } else this.deps.log.warn({ err: error, deviceId }, 'a late phone could not be told of its call')
    }
  }
}
