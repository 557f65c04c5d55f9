import type { Log } from '../../ports/log.js'
import { MediaError } from '../../ports/media.js'
import { deferred } from './deferred.js'
import type { Deadlines } from './deadlines.js'
import { asError } from './errors.js'
import type { FreeswitchLeg } from './leg.js'
import type { FreeswitchSession } from './session.js'
import type { Responder } from './srf.js'

/** FreeSWITCH and the SIP server are near. */
const OFFER_MS = 5_000

/** An offer of ours that waits for the peer's answer. */
export interface OwnOffer {
  readonly sdp: string
  /** Tells FreeSWITCH the peer's answer. Rejects with MediaError. */
  complete(answerSdp: string): Promise<void>
  /** The endpoint is over. */
  abandon(): void
}

/** Made of what FreeSWITCH answered to a made-up offer: the peer's answer goes to it as a new offer. */
export function offerFromAnswer(leg: FreeswitchLeg, sdp: string): OwnOffer {
  return {
    sdp,
    complete: async (answerSdp) => {
      await leg.reinvite(answerSdp)
    },
    abandon: () => undefined,
  }
}

/**
 * Made by FreeSWITCH itself in a re-INVITE, whose answer waits for the peer's. With keys in the SDP it must be so:
 * FreeSWITCH takes a new key for each offer that it answers. It waits 120 s and cancels then; asked again, it makes
 * the same offer.
 */
export class HeldOffer implements OwnOffer {
  sdp = ''
  /** Streams in the clear that FreeSWITCH offers beside: they are not passed on. */
  private others = 0
  private responder = deferred<Responder>()
  private state: 'waiting' | 'completed' | 'over' = 'waiting'

  private constructor(
    private readonly uuid: string,
    private readonly session: FreeswitchSession,
    private readonly deadlines: Deadlines,
    private readonly log: Log,
  ) {}

  static async make(
    leg: FreeswitchLeg,
    uuid: string,
    session: FreeswitchSession,
    deadlines: Deadlines,
    log: Log,
  ): Promise<HeldOffer> {
    const offer = new HeldOffer(uuid, session, deadlines, log)
    const offered = deferred<string>()
    leg.onOffer((request, responder) => {
      const [secure = '', ...others] = streamsOf(request.body)
      offer.others = others.length
      offered.resolve(secure)
      offer.responder.resolve(responder)
      request.on('cancel', () => offer.repeat())
    })
    await leg.settled()
    await offer.ask()
    offer.sdp = await deadlines.within(offered.promise, OFFER_MS, 'an offer of FreeSWITCH', session.lost)
    return offer
  }

  async complete(answerSdp: string): Promise<void> {
    if (this.state !== 'waiting') throw new MediaError('not-acceptable', 'the offer has its answer')
    this.state = 'completed'
    const { lost } = this.session
    const responder = await this.deadlines.within(this.responder.promise, OFFER_MS, 'an offer', lost)
    const answer = `${answerSdp.trimEnd()}\r\n${'m=audio 0 RTP/AVP 0\r\n'.repeat(this.others)}`
    await this.deadlines.within(respond(responder, 200, answer), OFFER_MS, 'an answer', lost)
  }

  /** What waits for an answer gets one, too late to matter (RFC 3261 §15.1.2). */
  abandon(): void {
    if (this.state !== 'waiting') return
    this.state = 'over'
    this.responder.promise
      .then((responder) => respond(responder, 487))
      .catch((error: unknown) => this.log.debug({ err: error }, 'an offer was left unanswered'))
  }

  private repeat(): void {
    if (this.state === 'over') return
    this.responder = deferred()
    this.ask().catch((error: unknown) => this.log.warn({ err: error }, 'FreeSWITCH did not repeat its offer'))
  }

  private async ask(): Promise<void> {
    const reply = await this.session.api('uuid_media_reneg', [this.uuid, `=${this.session.codecs.join(',')}`])
    if (!reply.startsWith('+OK')) throw new MediaError('lost', `FreeSWITCH makes no offer: ${reply.trim()}`)
  }
}

/** The description with its first stream alone, and the sections of the others. */
function streamsOf(sdp: string): readonly string[] {
  const [session = '', first = '', ...others] = sdp.split(/^(?=m=)/m)
  return [session + first, ...others]
}

function respond(responder: Responder, status: number, sdp?: string): Promise<void> {
  const options = sdp === undefined ? {} : { body: sdp, headers: { 'Content-Type': 'application/sdp' } }
  return new Promise<void>((resolve, reject) => {
    responder.send(status, options, (error) => (error ? reject(asError(error)) : resolve()))
  })
}
