import { MediaEngine, type EngineOptions } from './client.js'
import { spawnWorker } from './spawn.js'

export { Endpoint } from './client-endpoint.js'
export { MediaEngine, type CreateOptions, type EngineOptions } from './client.js'
export { MediaError, type MediaErrorCode } from './errors.js'
export { countries } from './tones/plan.js'
export type { PlaybackEnd } from './tones/playback.js'
export type {
  CodecChoice,
  Direction,
  DtmfEvent,
  EndpointCounters,
  EngineStats,
  MediaTimeout,
  ToneSegment,
  ToneSpec,
} from './types.js'

/**
 * Starts the engine in a thread of its own.
 * @throws MediaError `bad-option` for an address or a port range that cannot be used
 */
export function startMediaEngine(options: EngineOptions): Promise<MediaEngine> {
  return MediaEngine.start(spawnWorker(), options)
}
