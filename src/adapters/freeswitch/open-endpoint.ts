import type { Log } from '../../ports/log.js'
import type { MediaEndpointOptions } from '../../ports/media.js'
import type { Deadlines } from './deadlines.js'
import { FreeswitchEndpoint } from './endpoint.js'
import type { FsmrfEndpoint } from './fsmrf.js'
import type { FreeswitchLeg } from './leg.js'
import { madeUpOffer, offerOf, reordered } from './offer.js'
import { HeldOffer, offerFromAnswer, type OwnOffer } from './own-offer.js'
import { usesDtls } from './sdp.js'
import type { FreeswitchServer } from './server.js'
import type { FreeswitchSession, Opening } from './session.js'
import type { SignalingConnection } from './signaling.js'

/** A server that does well takes some 10 ms. */
const OPEN_MS = 5_000

/** A new channel on a server, with what it answers to the peer's offer or offers by itself. Rejects with MediaError. */
export async function openEndpoint(
  server: FreeswitchServer,
  connection: SignalingConnection,
  options: MediaEndpointOptions,
  deadlines: Deadlines,
  log: Log,
): Promise<FreeswitchEndpoint> {
  const session = server.current()
  const { offer, transport = 'rtp' } = options
  server.opening += 1
  const opening = session.open(offer ?? madeUpOffer(session.codecs, transport), connection)
  let leg: FreeswitchLeg | undefined
  try {
    const signals = [session.lost, connection.lost]
    leg = await deadlines.within(opening.leg, OPEN_MS, 'INVITE', ...signals)
    // With DTLS FreeSWITCH does nothing more before the peer's handshake, which needs our description first.
    const control = usesDtls(leg.answer)
      ? undefined
      : await deadlines.within(opening.control, OPEN_MS, 'the connection of a channel', ...signals)
    const own =
      offer === undefined ? await ownOffer(leg, control, session, options, deadlines, log) : undefined
    const { events = {} } = options
    const { id } = opening
    const abandon = (): void => opening.abandon()
    const localSdp = own?.sdp ?? leg.answer
    const endpoint = new FreeswitchEndpoint({
      ...{ id, server, session, leg, localSdp, own, events, deadlines, log, abandon },
    })
    attach(endpoint, control, opening)
    return endpoint
  } catch (error) {
    opening.abandon()
    takeBack(opening.id, leg, session, connection, log).catch((e: unknown) => {
      log.warn({ err: e, endpoint: opening.id }, 'a channel may have stayed with FreeSWITCH')
    })
    throw error
  } finally {
    server.opening -= 1
  }
}

/**
 * Ends the channel of an endpoint that came to nothing. Where the SIP server is away FreeSWITCH is told directly: it
 * may have answered, and have been acknowledged, without our hearing of it.
 */
async function takeBack(
  id: string,
  leg: FreeswitchLeg | undefined,
  session: FreeswitchSession,
  { lost }: SignalingConnection,
  log: Log,
): Promise<void> {
  try {
    if (!lost.aborted) return await leg?.bye()
  } catch (error) {
    log.debug({ err: error, endpoint: id }, 'a failed media leg was not ended by SIP')
  }
  await session.discard(id)
}

function attach(endpoint: FreeswitchEndpoint, control: FsmrfEndpoint | undefined, opening: Opening): void {
  if (control !== undefined) return endpoint.attach(control)
  opening.control.then(
    (late) => endpoint.attach(late),
    () => endpoint.unattached(),
  )
}

async function ownOffer(
  leg: FreeswitchLeg,
  control: FsmrfEndpoint | undefined,
  session: FreeswitchSession,
  { offerLike, transport }: MediaEndpointOptions,
  deadlines: Deadlines,
  log: Log,
): Promise<OwnOffer> {
  const like = offerLike instanceof FreeswitchEndpoint ? offerLike.voices : []
  if (transport !== 'srtp' || control === undefined) {
    return offerFromAnswer(leg, offerOf(leg.answer, session.codecs, like))
  }
  const held = await HeldOffer.make(leg, control.uuid, session, deadlines, log)
  held.sdp = reordered(held.sdp, like)
  return held
}
