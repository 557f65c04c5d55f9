import type { Log } from '../../ports/log.js'
import { type MediaCounters, MediaError } from '../../ports/media.js'
import { countersOf } from './counters.js'
import type { Deadlines } from './deadlines.js'
import { deferred } from './deferred.js'
import type { EslConnection, EslEvent } from './fsmrf.js'
import { Player } from './player.js'
import { callApi } from './session.js'

/** FreeSWITCH moves two channels into a bridge in some 40 ms. */
const BRIDGE_MS = 1_000

/**
 * A side that holds plays its own music, or none: FreeSWITCH would pause the other side, and play music of its own.
 * And what a key means its hearer says: FreeSWITCH would end what it plays at a `*`.
 */
const SETTINGS = 'rtp_disable_hold=true;playback_terminators=none'

/** What FreeSWITCH is told to do with a channel, over the channel's own connection. */
export class Channel {
  readonly player: Player
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
    /** A key that the peer pressed, once a press. */
    digit: (digit: string) => void,
  ) {
    this.player = new Player(connection, () => this.breakOff())
    // fsmrf prints what breaks; that the channel is gone is heard of otherwise.
    connection.removeAllListeners('error')
    connection.on('error', (error: unknown) =>
      log.debug({ err: error, channel: uuid }, 'a channel was cut off'),
    )
    connection.subscribe(['CHANNEL_BRIDGE'])
    connection.on(`esl::event::CHANNEL_BRIDGE::${uuid}`, () => this.inBridge())
    connection.on(`esl::event::DTMF::${uuid}`, (event: EslEvent) => {
      const pressed = event.getHeader('DTMF-Digit')
      if (pressed !== null) digit(pressed.toUpperCase())
    })
    this.api('uuid_setvar_multi', SETTINGS).catch((error: unknown) => {
      log.debug({ err: error, channel: uuid }, 'a channel was not set up as it should be')
    })
  }

  /** Ends what both play. Resolves when FreeSWITCH has taken the order; it carries it out a little later. */
  async bridge(other: Channel): Promise<void> {
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

  private breakOff(): void {
    this.api('uuid_break', 'all').catch((error: unknown) => {
      this.log.debug({ err: error, channel: this.uuid }, 'a sound was not stopped')
    })
  }

  private api(command: string, ...args: readonly string[]): Promise<string> {
    return callApi(this.connection, command, [this.uuid, ...args], this.deadlines, this.server, this.endpoint)
  }
}
