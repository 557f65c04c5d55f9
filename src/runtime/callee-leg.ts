import type { CallEvent } from '../call/event.js'
import type { DeviceLegId, LegId } from '../call/ids.js'
import type { MediaEndpoint } from '../ports/media.js'
import type { Leg } from '../ports/signaling.js'

/** What any side of a call tells it. */
export interface SideEvents {
  /** Its media has been silent for the engine's limit. */
  mediaTimeout(side: LegId): void
  mediaLost(): void
  /** INFO from the side. The answer's status. */
  info(side: LegId, contentType: string, body: string): Promise<number>
}

/** What a leg toward a callee tells its call. */
export interface CalleeLegEvents extends SideEvents {
  post(event: CallEvent): void
}

/**
 * One leg toward those who are called, however it came about: our INVITE, the device's own, or media alone after an
 * accept that carried its SDP.
 */
export interface CalleeLeg {
  readonly id: DeviceLegId
  /** Name of the gateway that carries it; undefined where it has no SIP. */
  readonly gateway: string | undefined
  /** Its dialog, once there is one. */
  readonly leg: Leg | undefined
  /** What the caller is joined to, as far as it exists. */
  readonly endpoint: MediaEndpoint | undefined
  /**
   * Its media, both descriptions known; `caller`: whose it is to resemble, where that is there. Rejects with MediaError or
   * SipFailure.
   */
  media(caller?: MediaEndpoint): Promise<MediaEndpoint>
  /** Says yes to a device that waits for one. Rejects with SipFailure. */
  confirm(): Promise<void>
  /** BYE, or what stands for it; `leg-closed` is posted when it is over. */
  hangUp(reason: string): Promise<void>
  /** Gives the media back. Idempotent. */
  close(): Promise<void>
}
