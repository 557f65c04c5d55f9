import type { Dialog } from '../dialog/dialog.js'
import { SessionTimer, type SessionAnswer, type SessionTerms } from '../dialog/session-timer.js'
import type { SipResponse } from '../message/message.js'
import { lists } from '../message/message.js'
import type { Context } from './context.js'
import { endByServer } from './sending.js'
import { refreshSession } from './session-refresh.js'

/** Begins, or begins again, to watch the session of a dialog on those terms. */
export function watchSession(context: Context, dialog: Dialog, terms: SessionTerms): void {
  dialog.session ??= new SessionTimer(context.timers, (what) => {
    // Without an app there is nobody to keep the session for.
    if (what === 'refresh' && dialog.app.connected) refreshSession(context, dialog)
    else endByServer(context, dialog, 'Session timer expired', 'session-expired')
  })
  dialog.session.start(terms)
}

/** Writes the terms into a 2xx of this side, and begins to watch the session. */
export function startSession(
  context: Context,
  dialog: Dialog,
  agreed: SessionAnswer,
  response: SipResponse,
): void {
  response.headers.set('Session-Expires', agreed.header)
  if (agreed.requireTimer && !lists(response, 'require', 'timer')) response.headers.add('Require', 'timer')
  watchSession(context, dialog, agreed.terms)
}
