import type { Log } from '../../ports/log.js'
import {
  type Media,
  type MediaEndpoint,
  type MediaEndpointOptions,
  MediaError,
  type MediaGauges,
  type MediaServerStatus,
} from '../../ports/media.js'

/** The port `media` on several engines. Both sides of a call are made on one of them: two cannot be joined. */
export function createMediaPool(engines: readonly Media[], log: Log): Media {
  return new MediaPool(engines, log)
}

class MediaPool implements Media {
  /** What one engine takes, all take: they are of one kind. */
  readonly check?: NonNullable<Media['check']>
  private readonly madeBy = new WeakMap<MediaEndpoint, Media>()

  constructor(
    private readonly engines: readonly Media[],
    private readonly log: Log,
  ) {
    if (engines.every((engine) => engine.check !== undefined)) {
      this.check = (offer) => engines.find(isUp)?.check?.(offer)
    }
  }

  get servers(): readonly MediaServerStatus[] {
    return this.engines.flatMap(({ servers }) => servers)
  }

  async endpoint(options: MediaEndpointOptions): Promise<MediaEndpoint> {
    let refusal = new MediaError('lost', 'every media engine is away')
    for (const engine of this.candidates(options)) {
      try {
        const endpoint = await engine.endpoint(options)
        this.madeBy.set(endpoint, engine)
        return endpoint
      } catch (error) {
        if (!(error instanceof MediaError) || error.code === 'not-acceptable') throw error
        this.log.warn({ err: error, engine: nameOf(engine) }, 'a media engine gave no endpoint')
        refusal = error
      }
    }
    throw refusal
  }

  /** Of all engines that are there. */
  async gauges(): Promise<MediaGauges> {
    const asked = await Promise.allSettled(this.engines.map((engine) => engine.gauges()))
    const known = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    if (known.length === 0) throw new MediaError('lost', 'every media engine is away')
    const sum = (key: keyof MediaGauges): number => known.reduce((total, each) => total + each[key], 0)
    return {
      endpoints: sum('endpoints'),
      portsInUse: sum('portsInUse'),
      tones: sum('tones'),
      timers: sum('timers'),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.engines.map((engine) => engine.close()))
  }

  /** Those of the first region, of the next, …, then the others; among them the one with the least load. */
  private candidates({ offerLike, regions = [] }: MediaEndpointOptions): readonly Media[] {
    if (offerLike !== undefined) {
      const engine = this.madeBy.get(offerLike)
      if (engine === undefined)
        throw new MediaError('not-acceptable', `endpoint ${offerLike.id} is of another engine`)
      return [engine]
    }
    const rank = (region: string | undefined): number =>
      region !== undefined && regions.includes(region) ? regions.indexOf(region) : regions.length
    const best = (engine: Media): { readonly rank: number; readonly load: number } => {
      const taking = engine.servers.filter(({ up, full }) => up && !full)
      return {
        rank: Math.min(...taking.map(({ region }) => rank(region))),
        load: Math.min(...taking.map(({ load }) => load)),
      }
    }
    return this.engines
      .map((engine) => ({ engine, ...best(engine) }))
      .filter((each) => each.rank < Infinity)
      .sort((a, b) => a.rank - b.rank || a.load - b.load)
      .map(({ engine }) => engine)
  }
}

function nameOf({ servers }: Media): string {
  return servers.map(({ name }) => name).join()
}

function isUp({ servers }: Media): boolean {
  return servers.some(({ up }) => up)
}
