import { type EngineOptions, type MediaEngine, startMediaEngine } from '../../embedded/media/index.js'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import { type Media, type MediaEndpoint, MediaError, type MediaServerStatus } from '../../ports/media.js'
import { EmbeddedEndpoint } from './endpoint.js'
import { inOurWords, translated } from './errors.js'

const RESTART_MS = 200

export interface EmbeddedMediaOptions extends EngineOptions {
  /** Of several engines. */
  readonly name?: string
  readonly region?: string
}

/** The port `media` on the embedded RTP engine. A worker that dies takes its calls' media along and is replaced. */
export async function createEmbeddedMedia(
  options: EmbeddedMediaOptions,
  clock: Clock,
  log: Log,
): Promise<Media> {
  const media = new EmbeddedMedia(options, clock, log)
  await media.start()
  return media
}

class EmbeddedMedia implements Media {
  private engine: MediaEngine | undefined
  private stopRestart: (() => void) | undefined
  private closed = false
  private readonly options: EngineOptions
  private readonly known: Pick<MediaServerStatus, 'name' | 'region'>

  constructor(
    { name = 'embedded', region, ...options }: EmbeddedMediaOptions,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.options = options
    this.known = { name, ...(region === undefined ? {} : { region }) }
  }

  get servers(): readonly MediaServerStatus[] {
    // Ports that are used up are heard of when there are none.
    return [{ ...this.known, up: this.engine !== undefined, full: false, load: this.engine?.open ?? 0 }]
  }

  async start(): Promise<void> {
    const engine = await startMediaEngine(this.options)
    if (this.closed) return engine.close()
    this.engine = engine
    engine.on('fault', (error) =>
      this.log.error({ err: error }, 'a defect of the media engine cost a call its media'),
    )
    engine.on('lost', (error) => {
      this.log.error({ err: error }, 'the media engine died')
      this.engine = undefined
      this.restartLater()
    })
  }

  check(offer: string): void {
    try {
      this.running().check(offer)
    } catch (error) {
      throw inOurWords(error)
    }
  }

  endpoint(options: Parameters<Media['endpoint']>[0]): Promise<MediaEndpoint> {
    return translated(async () => EmbeddedEndpoint.create(this.running(), options))
  }

  gauges(): ReturnType<Media['gauges']> {
    return translated(() => this.running().stats())
  }

  async close(): Promise<void> {
    this.closed = true
    this.stopRestart?.()
    const { engine } = this
    this.engine = undefined
    await engine?.close()
  }

  private running(): MediaEngine {
    if (this.engine === undefined) throw new MediaError('lost', 'the media engine is away')
    return this.engine
  }

  private restartLater(): void {
    if (this.closed) return
    this.stopRestart = this.clock.after(RESTART_MS, () => {
      this.start().catch((error: unknown) => {
        this.log.error({ err: error }, 'the media engine cannot be started')
        this.restartLater()
      })
    })
  }
}
