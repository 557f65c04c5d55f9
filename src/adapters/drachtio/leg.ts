import type { Log } from '../../ports/log.js'
import { type Leg, type LegEvents, SipFailure } from '../../ports/signaling.js'
import { within } from './failure.js'
import { headerLines } from './headers.js'
import { respond } from './request.js'
import type { Dialog, Request, Response } from './srf.js'

/** A BYE or INFO transaction lives 64·T1 = 32 s (RFC 3261 timer F); waiting longer is no use. */
const IN_DIALOG_MS = 33_000

/** A leg over a drachtio-srf dialog, and the server's word that its gateway is gone. */
export interface GatewayLeg extends Leg {
  /** The gateway is gone: nothing can be sent any more, and nobody is told here. */
  abandon(): void
}

export function toLeg(dialog: Dialog, log: Log, closed: () => void): GatewayLeg {
  let over = false
  let listener: LegEvents | undefined
  // A BYE may come between the 200 and the moment that somebody listens.
  let early: { reason: string | undefined } | undefined

  const finish = (): boolean => {
    if (over) return false
    over = true
    closed()
    return true
  }
  dialog.on('destroy', (bye) => {
    if (!finish()) return
    const reason = headerLines(bye.raw ?? '')
      .get('reason')
      ?.join(', ')
    if (listener === undefined) early = { reason }
    else listener.ended(reason)
  })
  const unlessOver =
    (handle: (req: Request, res: Response) => Promise<void>) =>
    (req: Request, res: Response): void =>
      // Our BYE is under way.
      void (over ? answer(res, 481, log) : handle(req, res))
  dialog.on(
    'modify',
    unlessOver((req, res) => reoffered(req, res, () => listener, log)),
  )
  dialog.on(
    'update',
    unlessOver((req, res) => updated(req, res, () => listener, log)),
  )
  dialog.on(
    'info',
    unlessOver((req, res) => info(req, res, () => listener, log)),
  )
  // Transfers are the application's business, and it has none yet.
  dialog.on('refer', (_req, res) => void answer(res, 603, log))

  return {
    get remoteSdp() {
      return dialog.remote.sdp
    },
    listen(events) {
      listener = events
      if (early !== undefined) events.ended(early.reason)
    },
    async info(contentType, body) {
      if (over) throw new SipFailure(481, 'the leg is over')
      const res = await within<Response>(IN_DIALOG_MS, 'INFO', (done) =>
        dialog.request({ method: 'INFO', headers: { 'Content-Type': contentType }, body }, done),
      )
      if (res.status >= 300) throw new SipFailure(res.status, `INFO was answered with ${res.status}`)
    },
    async hangUp(reason) {
      if (!finish()) return
      const headers = reason === undefined ? {} : { Reason: reason }
      try {
        await within(IN_DIALOG_MS, 'BYE', (done) => dialog.destroy({ headers }, (error) => done(error)))
      } catch (error) {
        // The far side did not answer or had hung up itself: the leg is over either way.
        log.debug({ err: error }, 'a BYE got no 200')
      }
    },
    abandon() {
      finish()
    },
  }
}

async function reoffered(
  req: Request,
  res: Response,
  listener: () => LegEvents | undefined,
  log: Log,
): Promise<void> {
  const events = listener()
  if (events === undefined) return answer(res, 491, log)
  try {
    const sdp = await events.reoffered(req.body ?? '')
    await within(5_000, 're-INVITE answer', (done) =>
      res.send(200, undefined, { body: sdp, headers: { 'Content-Type': 'application/sdp' } }, (e) => done(e)),
    )
  } catch (error) {
    log.info({ err: error }, 'a re-INVITE could not be served')
    await answer(res, 488, log)
  }
}

/** UPDATE without a body refreshes the session (RFC 4028 §7.4); with one it is an offer (RFC 3311). */
async function updated(
  req: Request,
  res: Response,
  listener: () => LegEvents | undefined,
  log: Log,
): Promise<void> {
  if (req.body) return reoffered(req, res, listener, log)
  return answer(res, 200, log)
}

async function info(
  req: Request,
  res: Response,
  listener: () => LegEvents | undefined,
  log: Log,
): Promise<void> {
  const events = listener()
  const type = headerLines(req.raw).get('content-type')?.[0] ?? ''
  let status = 200
  try {
    // An INFO without a body asks for nothing (RFC 2976); one with a body is the other side's to take.
    if (req.body && events !== undefined) status = await events.info(type, req.body)
  } catch (error) {
    log.info({ err: error }, 'an INFO could not be passed on')
    status = 500
  }
  await answer(res, status, log)
}

async function answer(res: Response, status: number, log: Log): Promise<void> {
  try {
    await respond(res, { status })
  } catch (error) {
    log.info({ err: error, status }, 'a response in dialog could not be sent')
  }
}
