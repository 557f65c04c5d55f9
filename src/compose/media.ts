import { createEmbeddedMedia } from '../adapters/embedded-media/media.js'
import { systemClock } from '../adapters/system/clock.js'
import type { MediaConfig } from '../config/index.js'
import type { Log } from '../ports/log.js'
import type { Media } from '../ports/media.js'

/** Starts the configured media engine. Rejects where it cannot be started. */
export function startMedia({ host, advertise, ports, timeout }: MediaConfig, log: Log): Promise<Media> {
  return createEmbeddedMedia(
    {
      host,
      ...(advertise === undefined ? {} : { advertise }),
      ports: { min: ports.from, max: ports.to },
      mediaTimeoutMs: timeout,
    },
    systemClock,
    log,
  )
}
