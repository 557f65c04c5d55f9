import { createEmbeddedMedia } from '../adapters/embedded-media/media.js'
import { createFreeswitchMedia } from '../adapters/freeswitch/media.js'
import type { SignalingServer } from '../adapters/freeswitch/signaling.js'
import { systemClock } from '../adapters/system/clock.js'
import type { MediaConfig } from '../config/index.js'
import type { Log } from '../ports/log.js'
import type { Media } from '../ports/media.js'

/**
 * Starts the configured media engine. `signaling`: the SIP servers that lead to FreeSWITCH. Rejects where an embedded
 * engine cannot be started; FreeSWITCH may be away, and /readyz says so.
 */
export function startMedia(
  media: MediaConfig,
  signaling: readonly SignalingServer[],
  log: Log,
): Promise<Media> {
  const { host, advertise, timeout: mediaTimeoutMs } = media
  const address = { host, ...(advertise === undefined ? {} : { advertise }) }
  if (media.engine === 'freeswitch') {
    const { servers } = media
    const options = { servers, signaling, listen: address, mediaTimeoutMs }
    return createFreeswitchMedia(options, systemClock, log)
  }
  const { ports } = media
  return createEmbeddedMedia(
    { ...address, ports: { min: ports.from, max: ports.to }, mediaTimeoutMs },
    systemClock,
    log,
  )
}
