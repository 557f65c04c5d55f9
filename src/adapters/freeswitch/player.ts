import { MediaError, type PerformanceEnd } from '../../ports/media.js'
import type { EslConnection, EslEvent } from './fsmrf.js'
import type { Playlist } from './playlist.js'

/** How a playlist came to its end; an error says why a stream of it cannot be played. */
type Over = (how: PerformanceEnd | MediaError) => void

interface Run {
  readonly playlist: Playlist
  readonly over: Over
  /** Streams that were played to their end. */
  played: number
}

/**
 * Plays one stream after the other on a channel: the next one is ordered when FreeSWITCH tells that one is over, and
 * begins within a frame's time.
 */
export class Player {
  private run: Run | undefined

  constructor(
    private readonly connection: EslConnection,
    /** Ends what FreeSWITCH is playing, and what it was told to play next. */
    private readonly breakOff: () => void,
  ) {}

  /** Replaces what is played. `over` is told of an end that came by itself, and of no other. */
  play(playlist: Playlist, over: Over): void {
    if (this.run !== undefined) this.breakOff()
    const run = { playlist, over, played: 0 }
    this.run = run
    this.next(run)
  }

  /** Something else ended it. */
  forget(): void {
    this.run = undefined
  }

  private next(run: Run): void {
    const { streams, times } = run.playlist
    const stream = streams[run.played % streams.length]
    if (stream === undefined || run.played >= streams.length * times) return this.end(run, 'finished')
    this.connection.execute('playback', stream, (done) => {
      if (this.run !== run) return
      const failure = failureOf(done)
      if (failure !== undefined)
        return this.end(run, new MediaError('not-acceptable', `${stream}: ${failure}`))
      run.played += 1
      this.next(run)
    })
  }

  private end(run: Run, how: PerformanceEnd | MediaError): void {
    this.run = undefined
    run.over(how)
  }
}

/** FreeSWITCH says `FILE NOT FOUND` also of a file that it cannot read, and takes an empty one for played. */
function failureOf(done: EslEvent): string | undefined {
  const response = done.getHeader('Application-Response') ?? 'no word of how it ended'
  if (response !== 'FILE PLAYED') return response
  return done.getHeader('variable_playback_samples') === '0' ? 'no samples' : undefined
}
