import type { Log } from '../../ports/log.js'
import { type IncomingCall, type Leg, SipFailure } from '../../ports/signaling.js'
import { toFailure, within } from './failure.js'
import { headerLines, toSrf } from './headers.js'
import type { GatewayLeg } from './leg.js'
import { ReliableOrder } from './reliable-order.js'
import { provisional, respond, toRequest } from './request.js'
import type { Dialog, Request, Response, SrfClient } from './srf.js'

/** The ACK of a 2xx comes within 64·T1 (RFC 3261 §13.3.1.4), or the server hangs up. */
const ACK_MS = 33_000

/** The caller's INVITE as drachtio-srf hands it up. `track` is told of the leg that comes of it. */
export function toIncomingCall(
  srf: SrfClient,
  req: Request,
  res: Response,
  gateway: string,
  log: Log,
  track: (dialog: Dialog) => GatewayLeg,
): IncomingCall {
  const request = toRequest(req, gateway)
  // A caller that requires reliable provisionals gets no others (RFC 3262 §3).
  const reliable = request.headers('require').some((tag) => tag.toLowerCase() === '100rel')
  const order = new ReliableOrder()
  let cancelled: { reason: string | undefined } | undefined
  let listener: ((reason: string | undefined) => void) | undefined
  req.on('cancel', (cancel) => {
    if (cancelled !== undefined) return
    cancelled = {
      reason: headerLines(cancel.raw ?? '')
        .get('reason')
        ?.join(', '),
    }
    order.abandon()
    listener?.(cancelled.reason)
  })
  const over = (): boolean => cancelled !== undefined || res.finalResponseSent

  return {
    ...request,
    offer: request.body,
    async provisional({ status, phrase, headers = [], sdp }) {
      if (over()) return
      if (!reliable) return provisional(res, { status, phrase, headers: toSrf(headers), sdp })
      const required = toSrf([...headers, ['Require', '100rel']])
      await order.next(async (acknowledged) => {
        if (over()) acknowledged()
        else await provisional(res, { status, phrase, headers: required, sdp, acknowledged })
      })
    },
    async answer({ sdp, headers = [] }) {
      await within(ACK_MS, 'PRACK', (done) => void order.settled.then(() => done(undefined)))
      if (cancelled !== undefined) throw new SipFailure(487, 'the caller has cancelled')
      try {
        return await accept(srf, req, res, { localSdp: sdp, headers: toSrf(headers) }, (dialog) => {
          const leg = track(dialog)
          return request.body === '' ? answeredInAck(dialog, leg, log) : leg
        })
      } catch (error) {
        throw cancelled === undefined ? toFailure(error) : new SipFailure(487, 'the caller has cancelled')
      }
    },
    async reject(final) {
      if (over()) return
      await respond(res, final)
    },
    onCancel(callback) {
      listener = callback
      if (cancelled !== undefined) callback(cancelled.reason)
    },
  }
}

/** Sends the 200. Rejects as drachtio-srf does. */
function accept(
  srf: SrfClient,
  req: Request,
  res: Response,
  answer: { localSdp: string; headers: Record<string, string> },
  begin: (dialog: Dialog) => Leg | Promise<Leg>,
): Promise<Leg> {
  return new Promise((resolve, reject) => {
    srf.createUAS(req, res, answer, (error, dialog) => {
      if (dialog === undefined) reject(toFailure(error))
      else resolve(begin(dialog))
    })
  })
}

/** The INVITE had no offer: ours went out in the 200, and the answer comes in the ACK (RFC 3264 §4). */
async function answeredInAck(dialog: Dialog, leg: GatewayLeg, log: Log): Promise<Leg> {
  try {
    await within(ACK_MS, 'ACK', (done) => {
      dialog.once('ack', () => done(undefined))
      dialog.on('destroy', () => done(new SipFailure(487, 'the caller hung up before its ACK')))
    })
    return leg
  } catch (error) {
    log.info({ err: error }, 'a 200 with our offer was not acknowledged')
    await leg.hangUp('SIP;cause=408;text="No ACK"')
    throw error
  }
}
