import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { Device, DeviceStore, TokenUses } from '../ports/store.js'
import { lostRegions, type Regions, type RegionsView } from './regions.js'

export interface RehomingDeps {
  readonly view: RegionsView
  readonly regions: Pick<Regions, 'edge'>
  readonly store: Pick<DeviceStore, 'devicesIn'> & Pick<TokenUses, 'use'>
  /** Pushes a device, and says which edge it is to register on. Never rejects. */
  readonly tell: (device: Device, edge: string) => Promise<unknown>
  readonly clock: Clock
  readonly log: Log
  /** Undefined where devices are to be left alone; else how many are pushed a second, at most. */
  readonly rate: () => number | undefined
}

/** A server that is restarted is back within this time, ms, and nobody is to move for that. */
export const LOST_MS = 3_000
/** How long a loss is one node's to tell of, so that several nodes that see it push nobody twice, ms. */
const ONE_LOSS_MS = 120_000
const PAGE = 100

/**
 * Watches the regions, and tells the devices of one that is lost where to register instead:
 *
 *   up --all gateways away--> doubted --LOST_MS--> lost: its devices are told, one page after another
 *   doubted, lost --a gateway is back--> up: who was not told yet stays
 */
export class Rehoming {
  private readonly doubted = new Map<string, { stopped: boolean; readonly cancel: () => void }>()
  private closed = false

  constructor(private readonly deps: RehomingDeps) {}

  /** To be called at the start, and whenever a gateway came or went. */
  look(): void {
    if (this.closed) return
    const { view, clock } = this.deps
    const lost = lostRegions(view.names, view.edges())
    for (const [region, doubt] of this.doubted) {
      if (lost.includes(region)) continue
      doubt.stopped = true
      doubt.cancel()
      this.doubted.delete(region)
    }
    for (const region of lost) {
      if (this.doubted.has(region)) continue
      const cancel = clock.after(LOST_MS, () => void this.moveAll(region))
      this.doubted.set(region, { stopped: false, cancel })
    }
  }

  close(): void {
    this.closed = true
    for (const doubt of this.doubted.values()) {
      doubt.stopped = true
      doubt.cancel()
    }
    this.doubted.clear()
  }

  /** Never rejects. */
  private async moveAll(region: string): Promise<void> {
    const { store, clock, log, rate } = this.deps
    const doubt = this.doubted.get(region)
    if (doubt === undefined || rate() === undefined) return
    log.warn({ region }, 'a region is lost')
    try {
      if (!(await store.use(`region ${region}`, 'rehome', clock.now() + ONE_LOSS_MS * 1000))) return
      let told = 0
      for (let after: string | undefined = ''; after !== undefined;) {
        const page: readonly Device[] = await store.devicesIn(region, clock.now(), after, PAGE)
        told += await this.move(region, page, doubt)
        after = page.length === PAGE && !doubt.stopped ? page.at(-1)?.id : undefined
      }
      log.info({ region, devices: told }, 'devices of a lost region were told where to register')
    } catch (error) {
      log.error({ err: error, region }, 'the devices of a lost region could not be told where to register')
    }
  }

  private async move(
    region: string,
    devices: readonly Device[],
    doubt: { readonly stopped: boolean },
  ): Promise<number> {
    const { view, regions, tell, rate } = this.deps
    let told = 0
    for (const device of devices) {
      const perSecond = rate()
      const anywhere = view.edges().some(({ up }) => up)
      if (doubt.stopped || perSecond === undefined || !anywhere) return told
      void tell(device, regions.edge(region))
      told += 1
      await this.pause(1000 / perSecond)
    }
    return told
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.deps.clock.after(ms, resolve))
  }
}
