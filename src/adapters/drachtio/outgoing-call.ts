import type { Log } from '../../ports/log.js'
import { type DialRequest, type Leg, type OutgoingCall, SipFailure } from '../../ports/signaling.js'
import { toFailure } from './failure.js'
import { toSrf } from './headers.js'
import type { GatewayLeg } from './leg.js'
import type { Dialog, Request, SrfClient } from './srf.js'

/** An INVITE without any answer is over after 64·T1 = 32 s (timer B); one that was cancelled, as long again. */
const CANCELLED_MS = 35_000

/** An INVITE of ours. `lost`: aborts when the gateway goes away, which drachtio-srf does not say. */
export function dial(
  srf: SrfClient,
  request: DialRequest,
  lost: AbortSignal,
  log: Log,
  track: (dialog: Dialog) => GatewayLeg,
): OutgoingCall {
  let sent: Request | undefined
  let cancelReason: string | undefined
  let giveUp: NodeJS.Timeout | undefined
  let fail: (failure: SipFailure) => void = () => undefined

  const sendCancel = (invite: Request, reason: string): void => {
    // It is over, and drachtio-srf throws where it finds no connection.
    if (lost.aborted) return
    const refused = (error: unknown): void => {
      if (error) log.debug({ err: error, callId: request.callId }, 'a CANCEL was not taken')
    }
    try {
      invite.cancel({ headers: { Reason: reason } }, refused)
    } catch (error) {
      refused(error)
    }
    giveUp = setTimeout(() => fail(new SipFailure(487, 'no answer to CANCEL')), CANCELLED_MS)
  }

  const answered = new Promise<Leg>((resolve, reject) => {
    fail = (failure) => {
      clearTimeout(giveUp)
      lost.removeEventListener('abort', onLost)
      reject(failure)
    }
    const onLost = (): void => fail(new SipFailure(503, 'the gateway went away'))
    if (lost.aborted) return onLost()
    lost.addEventListener('abort', onLost, { once: true })
    const progress = {
      cbRequest(error: unknown, invite?: Request): void {
        if (error || invite === undefined) return
        sent = invite
        if (cancelReason !== undefined) sendCancel(invite, cancelReason)
      },
      cbProvisional(response: { status: number; body: string }): void {
        request.progressed({ status: response.status, sdp: response.body ?? '' })
      },
    }
    try {
      srf.createUAC(request.uri, options(request), progress, (error, dialog) => {
        if (dialog === undefined) return fail(toFailure(error))
        clearTimeout(giveUp)
        lost.removeEventListener('abort', onLost)
        resolve(track(dialog))
      })
    } catch (error) {
      fail(toFailure(error))
    }
  })

  return {
    answered,
    cancel(reason) {
      if (cancelReason !== undefined) return
      cancelReason = reason
      if (sent !== undefined) sendCancel(sent, reason)
    },
  }
}

function options(request: DialRequest): Parameters<SrfClient['createUAC']>[1] {
  const headers = toSrf([
    ['From', request.from],
    ['To', request.to],
    ['Call-ID', request.callId],
    ...request.headers,
  ])
  return {
    localSdp: request.sdp,
    headers,
    ...(request.proxy === undefined ? {} : { proxy: request.proxy }),
    ...(request.credentials === undefined ? {} : { auth: { ...request.credentials } }),
  }
}
