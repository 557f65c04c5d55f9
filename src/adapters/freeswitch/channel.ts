import type { Log } from '../../ports/log.js'
import { type MediaCounters, MediaError, type Sound } from '../../ports/media.js'
import { countersOf } from './counters.js'
import type { Deadlines } from './deadlines.js'
import { deferred } from './deferred.js'
import type { EslConnection } from './fsmrf.js'
import { callApi } from './session.js'
import { streamOf } from './tones.js'

/** FreeSWITCH moves two channels into a bridge in some 40 ms. */
const BRIDGE_MS = 1_000

/** What FreeSWITCH is told to do with a channel, over the channel's own connection. */
export class Channel {
  private playback = 0
  private playing = false
  private bridging = Promise.resolve()
  private inBridge: () => void = () => undefined

  /** `server` and `endpoint` abort when that is over. */
  constructor(
    readonly uuid: string,
    private readonly connection: EslConnection,
    private readonly deadlines: Deadlines,
    private readonly server: AbortSignal,
    private readonly endpoint: AbortSignal,
    private readonly log: Log,
  ) {
    // fsmrf prints what breaks; that the channel is gone is heard of otherwise.
    connection.removeAllListeners('error')
    connection.on('error', (error: unknown) =>
      log.debug({ err: error, channel: uuid }, 'a channel was cut off'),
    )
    connection.subscribe(['CHANNEL_BRIDGE'])
    connection.on(`esl::event::CHANNEL_BRIDGE::${uuid}`, () => this.inBridge())
    // A side that holds plays its own music, or none. FreeSWITCH would pause the other side, and play music of its own.
    this.api('uuid_setvar', 'rtp_disable_hold', 'true').catch((error: unknown) => {
      log.debug({ err: error, channel: uuid }, "a hold was not left to the call's sides")
    })
  }

  /** Replaces what is played. Nobody waits for the end of a sound that has none. */
  play(sound: Sound): void {
    const playback = (this.playback += 1)
    if (this.playing) {
      this.api('uuid_break', 'all').catch((error: unknown) => {
        this.log.debug({ err: error, channel: this.uuid }, 'a sound was not stopped')
      })
    }
    this.playing = true
    this.connection.execute('playback', streamOf(sound, true), (done) => {
      if (playback !== this.playback || !this.playing) return
      this.playing = false
      const response = done.getHeader('Application-Response')
      this.log.warn({ channel: this.uuid, sound, response }, 'a sound ended before its time')
    })
  }

  /** Ends what both play. Resolves when FreeSWITCH has taken the order; it carries it out a little later. */
  async bridge(other: Channel): Promise<void> {
    this.playing = false
    other.playing = false
    const bridged = deferred<void>()
    this.inBridge = other.inBridge = () => bridged.resolve()
    const carriedOut = this.deadlines.within(bridged.promise, BRIDGE_MS, 'a bridge', this.server)
    this.bridging = other.bridging = carriedOut.catch((error: unknown) => {
      this.log.debug({ err: error, channel: this.uuid }, 'a bridge was not heard of')
    })
    const reply = await this.api('uuid_bridge', other.uuid)
    if (!reply.startsWith('+OK')) throw new MediaError('lost', `FreeSWITCH did not join: ${reply.trim()}`)
  }

  /**
   * Resolves when a bridge that is under way is there. Where one side hangs up before that, FreeSWITCH hangs up on
   * the other too; afterwards it is left alone.
   */
  settled(): Promise<void> {
    return this.bridging
  }

  async counters(): Promise<MediaCounters> {
    const [, dump] = await Promise.all([this.api('uuid_set_media_stats'), this.api('uuid_dump')])
    return countersOf(dump)
  }

  private api(command: string, ...args: readonly string[]): Promise<string> {
    return callApi(this.connection, command, [this.uuid, ...args], this.deadlines, this.server, this.endpoint)
  }
}
