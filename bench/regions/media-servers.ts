import type { MediaCandidate } from '../../src/regions/choose-media.js'
import { REGIONS, type RegionName } from './places.js'

/** One media server a region: what is on it, and when that ends. Times in seconds. */
export class MediaServers {
  private readonly ends = new Map<RegionName, number[]>(REGIONS.map((region) => [region, []]))

  constructor(
    /** How many calls each takes at once. */
    private readonly room: Readonly<Record<RegionName, number>>,
    private readonly lost: readonly RegionName[],
  ) {}

  at(now: number): readonly (MediaCandidate & { readonly region: RegionName })[] {
    return REGIONS.map((region) => {
      const left = (this.ends.get(region) ?? []).filter((end) => end > now)
      this.ends.set(region, left)
      return {
        region,
        up: !this.lost.includes(region),
        full: left.length >= this.room[region],
        load: left.length / this.room[region],
      }
    })
  }

  take(region: RegionName, until: number): void {
    this.ends.get(region)?.push(until)
  }
}
