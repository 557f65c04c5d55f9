import type { Media } from '../ports/media.js'
import type { MediaChoice } from '../regions/choose-media.js'
import { gatewayReason, mediaReasons } from '../regions/reasons.js'
import type { Regions } from '../regions/regions.js'
import type { Routed } from '../routing/router.js'
import type { Trunk } from '../routing/table.js'
import { placesOf } from './places.js'

/** A choice, as it stands in the record of the call. */
export interface RouteChosen {
  /** Region of the media; null where it is in none. */
  readonly media: string | null
  /** By which the leg comes or goes; null for a caller who is not there yet. */
  readonly gateway: string | null
  /** Which leg: the caller's where there is none. */
  readonly dial?: string
  readonly reasons: readonly string[]
}

export interface CallPathDeps {
  readonly regions: Regions
  readonly table: () => { trunk(name: string): Trunk | undefined }
}

/** The call that it is the path of. */
export interface PathHooks {
  /** Name of the gateway by which the caller came; undefined while it is expected, or where it came by none. */
  readonly callerGateway: string | undefined
  routeChosen(choice: RouteChosen): void
}

/**
 * By which regions one call goes. The media is chosen once, when its first endpoint is made, from what is known by
 * then: the caller's gateway, and the destinations of the step that it is at. Gateways are chosen leg by leg.
 */
export class CallPath {
  private callees: readonly string[] = []
  private media: MediaChoice | undefined

  constructor(
    private readonly deps: CallPathDeps,
    private readonly hooks: PathHooks,
  ) {}

  /** Who is called now. */
  learn(routed: Pick<Routed, 'plan' | 'devices' | 'bindings'>): void {
    const { regions, table } = this.deps
    // Without regions there is nothing to choose by.
    if (!regions.configured) return
    const places = placesOf(routed, regions, (name) => table().trunk(name))
    this.callees = places.flatMap(({ region }) => region ?? [])
  }

  /** With the engine as this call is to use it: an endpoint that no other binds to a server is made in the best region. */
  through<S extends { readonly media: Media }>(services: S): S {
    return this.deps.regions.configured ? { ...services, media: this.regional(services.media) } : services
  }

  private regional(engine: Media): Media {
    return {
      ...(engine.check === undefined ? {} : { check: (offer: string) => engine.check?.(offer) }),
      get servers() {
        return engine.servers
      },
      endpoint: (options) =>
        engine.endpoint(
          options.offerLike === undefined ? { ...options, regions: this.mediaChoice().order } : options,
        ),
      gauges: () => engine.gauges(),
      close: () => engine.close(),
    }
  }

  /** Name of the gateway for a leg that no registration binds to one. */
  gateway(dial: string, trunk: Trunk | undefined): string | undefined {
    const { regions } = this.deps
    const media = regions.configured ? this.mediaChoice().region : undefined
    const choice = regions.gateway({ media, target: trunk?.region, caller: this.hooks.callerGateway })
    if (regions.configured) {
      const reasons = [gatewayReason(media, trunk?.region, choice)]
      this.hooks.routeChosen({ media: media ?? null, gateway: choice.gateway ?? null, dial, reasons })
    }
    return choice.gateway
  }

  private mediaChoice(): MediaChoice {
    if (this.media !== undefined) return this.media
    const { regions } = this.deps
    const gateway = this.hooks.callerGateway ?? ''
    const ends = { caller: regions.of(gateway), callees: this.callees }
    this.media = regions.media(ends)
    const media = this.media.region ?? null
    this.hooks.routeChosen({
      media,
      gateway: gateway === '' ? null : gateway,
      reasons: mediaReasons(ends, this.media),
    })
    return this.media
  }
}
