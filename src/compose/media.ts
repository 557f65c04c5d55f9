import { createEmbeddedMedia, type EmbeddedMediaOptions } from '../adapters/embedded-media/media.js'
import { createFreeswitchMedia } from '../adapters/freeswitch/media.js'
import type { SignalingServer } from '../adapters/freeswitch/signaling.js'
import { createMediaPool } from '../adapters/media-pool/media-pool.js'
import { systemClock } from '../adapters/system/clock.js'
import type { Config, MediaConfig } from '../config/index.js'
import type { Log } from '../ports/log.js'
import type { Media } from '../ports/media.js'

/**
 * Starts the configured media engine, and those of regions that have one of their own. `signaling`: the SIP servers
 * that lead to FreeSWITCH. Rejects, with nothing left open, where an embedded engine cannot be started; FreeSWITCH may
 * be away, and /readyz says so.
 *
 * @returns the port on all of them, and each of them
 */
export async function startMedia(
  { media, regions }: Pick<Config, 'media' | 'regions'>,
  signaling: readonly SignalingServer[],
  log: Log,
): Promise<{ readonly media: Media; readonly engines: readonly Media[] }> {
  if (media.engine === 'freeswitch') {
    const { host, advertise, servers, timeout: mediaTimeoutMs } = media
    const listen = { host, ...(advertise === undefined ? {} : { advertise }) }
    const engine = await createFreeswitchMedia(
      { servers, signaling, listen, mediaTimeoutMs },
      systemClock,
      log,
    )
    return { media: engine, engines: [engine] }
  }
  const starting = embeddedEngines(media, regions).map((one) => createEmbeddedMedia(one, systemClock, log))
  const started = await Promise.allSettled(starting)
  const engines = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = started.find((each) => each.status === 'rejected')
  if (failed !== undefined) {
    await Promise.all(engines.map((engine) => engine.close()))
    throw failed.reason
  }
  const [only, ...more] = engines
  return { media: only !== undefined && more.length === 0 ? only : createMediaPool(engines, log), engines }
}

type Embedded = Extract<MediaConfig, { readonly engine: 'embedded' }>
type Place = Pick<Embedded, 'host' | 'advertise' | 'ports'>

function embeddedEngines(media: Embedded, regions: Config['regions']): readonly EmbeddedMediaOptions[] {
  const options = (name: string, region: string | undefined, { host, advertise, ports }: Place) => ({
    ...{ name, host, ports: { min: ports.from, max: ports.to }, mediaTimeoutMs: media.timeout },
    ...(region === undefined ? {} : { region }),
    ...(advertise === undefined ? {} : { advertise }),
  })
  return [
    options('embedded', media.region, media),
    ...[...regions].flatMap(([name, { media: own }]) =>
      own === undefined ? [] : [options(embeddedName(name), name, own)],
    ),
  ]
}

/** Of the embedded engines of a region. */
export function embeddedName(region: string): string {
  return `embedded-${region}`
}
