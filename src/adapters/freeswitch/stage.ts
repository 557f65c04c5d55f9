import { MediaError, type PerformanceEnd } from '../../ports/media.js'
import { type Deferred, deferred } from './deferred.js'
import type { Player } from './player.js'
import type { Playlist } from './playlist.js'

interface Performance {
  readonly playlist: Playlist
  readonly over: Deferred<PerformanceEnd>
}

/** What an endpoint is to be played, from the wish to the end. The channel that plays it may come later. */
export class Stage {
  private performance: Performance | undefined
  private player: Player | undefined

  get playing(): boolean {
    return this.performance !== undefined
  }

  /** From now on something can be played; what was wanted already begins. */
  attach(player: Player): void {
    this.player = player
    this.start()
  }

  /** Replaces what was wanted before. Settles when it is over: at its end, or by {@link end}. */
  begin(playlist: Playlist): Promise<PerformanceEnd> {
    this.settle('stopped', this.performance)
    const performance = { playlist, over: deferred<PerformanceEnd>() }
    this.performance = performance
    this.start()
    return performance.over.promise
  }

  /** Something else is heard now, or nothing any more. */
  end(how: 'stopped' | MediaError): void {
    this.player?.forget()
    this.settle(how, this.performance)
  }

  private start(): void {
    const { performance } = this
    if (performance === undefined) return
    this.player?.play(performance.playlist, (how) => this.settle(how, performance))
  }

  private settle(how: PerformanceEnd | MediaError, performance: Performance | undefined): void {
    if (performance === undefined) return
    if (this.performance === performance) this.performance = undefined
    if (how instanceof MediaError) performance.over.reject(how)
    else performance.over.resolve(how)
  }
}
