import type { Log } from '../../ports/log.js'
import { MediaError } from '../../ports/media.js'
import type { Deadlines } from './deadlines.js'
import { asError, sipError, toMediaError } from './errors.js'
import { withDirection } from './sdp.js'
import type { SignalingConnection } from './signaling.js'
import type { Dialog, IncomingRequest, Message, OutgoingInvite, Responder } from './srf.js'

/** A local server answers in milliseconds; more than this and it is not well. */
const REQUEST_MS = 5_000
const BYE_MS = 3_000

export interface Invitation {
  readonly uri: string
  readonly sdp: string
  readonly headers: Record<string, string>
}

/**
 * An INVITE to FreeSWITCH. `abandon` cancels it, or ends what it has set up, as long as nobody has the dialog.
 * Rejects with SipError, and with MediaError `lost` where the SIP server goes away.
 */
export function invite(
  connection: SignalingConnection,
  { uri, sdp, headers }: Invitation,
  abandon: AbortSignal,
  log: Log,
): Promise<Dialog> {
  return new Promise<Dialog>((resolve, reject) => {
    let sent: OutgoingInvite | undefined
    const end = (error: unknown): void => {
      abandon.removeEventListener('abort', cancel)
      connection.lost.removeEventListener('abort', lost)
      reject(asError(error))
    }
    const cancel = (): void => {
      if (sent !== undefined) sendCancel(sent, log)
      end(new MediaError('lost', 'abandoned'))
    }
    const lost = (): void => end(new MediaError('lost', 'the SIP server went away'))
    if (connection.lost.aborted) return lost()
    if (abandon.aborted) return end(new MediaError('lost', 'abandoned'))
    abandon.addEventListener('abort', cancel, { once: true })
    connection.lost.addEventListener('abort', lost, { once: true })
    const progress = {
      cbRequest(error: unknown, request?: OutgoingInvite): void {
        sent = error ? undefined : request
        if (abandon.aborted && sent !== undefined) sendCancel(sent, log)
      },
      cbProvisional: () => undefined,
    }
    connection.srf.createUAC(uri, { localSdp: sdp, headers }, progress).then((dialog) => {
      if (abandon.aborted) {
        // It was answered before the CANCEL was there (RFC 3261 §9.1).
        return dialog.destroy({}, (error) => error && log.debug({ err: error }, 'a BYE got no 200'))
      }
      abandon.removeEventListener('abort', cancel)
      connection.lost.removeEventListener('abort', lost)
      resolve(dialog)
    }, end)
  })
}

/** Sends a CANCEL. Never throws, which drachtio-srf does where the connection to the SIP server broke just now. */
function sendCancel(invite: OutgoingInvite, log: Log): void {
  const refused = (error: unknown): void => {
    if (error) log.debug({ err: error }, 'a CANCEL to FreeSWITCH was not taken')
  }
  try {
    invite.cancel({}, refused)
  } catch (error) {
    refused(error)
  }
}

/** A SIP leg to FreeSWITCH: the way by which an endpoint's session is described and ended. */
export class FreeswitchLeg {
  private over = false
  private ended: ((cause: string) => void) | undefined
  private offered: ((offer: IncomingRequest, answer: Responder) => void) | undefined

  constructor(
    private readonly dialog: Dialog,
    private readonly connection: SignalingConnection,
    private readonly deadlines: Deadlines,
    log: Log,
  ) {
    dialog.on('destroy', (bye) => {
      if (this.over) return
      this.over = true
      this.ended?.(/^Reason:.*$/im.exec(bye.raw ?? '')?.[0] ?? '')
    })
    dialog.on('modify', (req, res) => {
      if (this.offered !== undefined) return this.offered(req, res)
      // Nobody asked it to change its session.
      res.send(488, {}, (error) => error && log.debug({ err: error }, 'a 488 to FreeSWITCH was not sent'))
    })
  }

  /** What FreeSWITCH answered the INVITE with. */
  get answer(): string {
    return withDirection(this.dialog.remote.sdp)
  }

  /** FreeSWITCH hung up; `cause` is its Reason header. */
  onEnded(listener: (cause: string) => void): void {
    this.ended = listener
  }

  /** FreeSWITCH sent a re-INVITE. */
  onOffer(listener: (offer: IncomingRequest, answer: Responder) => void): void {
    this.offered = listener
  }

  /**
   * A re-INVITE; resolves to the answer. `Dialog.modify` is not used: after one refusal every later call of it hangs.
   * Rejects with MediaError; the session is as before then.
   */
  async reinvite(sdp: string): Promise<string> {
    if (this.over) throw new MediaError('lost', 'FreeSWITCH hung up')
    const headers = { Contact: this.dialog.local.contact, 'Content-Type': 'application/sdp' }
    const { status, body } = await this.request('INVITE', { body: sdp, headers })
    if (status < 300) return withDirection(body)
    const refusal = toMediaError(sipError(status))
    if (refusal.code === 'not-acceptable') throw refusal
    // It has the session already: there is nothing left that could be used up.
    throw new MediaError('lost', refusal.message)
  }

  /** Rejects where FreeSWITCH did not say that it is over. Idempotent. */
  async bye(): Promise<void> {
    if (this.over) return
    this.over = true
    const sent = new Promise<void>((resolve, reject) => {
      this.dialog.destroy({}, (error) => (error ? reject(asError(error)) : resolve()))
    })
    await this.deadlines.within(sent, BYE_MS, 'BYE', this.connection.lost)
  }

  /** What FreeSWITCH does of its own accord meanwhile does not meet the ACK: it answers this after that. */
  async settled(): Promise<void> {
    await this.request('OPTIONS', {})
  }

  private request(
    method: string,
    { body, headers }: { readonly body?: string; readonly headers?: Record<string, string> },
  ): Promise<Message> {
    const answered = new Promise<Message>((resolve, reject) => {
      const options = { method, ...(headers && { headers }), ...(body !== undefined && { body }) }
      this.dialog.request(options, (error, response) => {
        if (error) reject(asError(error))
        else if (response === undefined) reject(sipError(408))
        else if (response.status >= 200) resolve(response)
      })
    })
    return this.deadlines.within(answered, REQUEST_MS, method, this.connection.lost)
  }
}
