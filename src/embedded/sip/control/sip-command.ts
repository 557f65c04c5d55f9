import { newId } from '../ids.js'
import type { CommandHandler } from './app.js'
import type { AppConnection } from './app-connection.js'
import type { SipCommand } from './command.js'
import { FrameRequester } from './frame-answers.js'
import { parseRequestLine, parseStatusLine } from './start-line.js'
import { notOkFrame, requestSentFrame, responseSentFrame } from './wire.js'

/** Does what a `sip` command of an app says: its start line tells a response, a request and a CANCEL apart. */
export function executeSip(handler: CommandHandler, app: AppConnection, command: SipCommand): void {
  const { startLine, dialogId, transactionId } = command
  if (startLine.startsWith('SIP/')) return respond(handler, app, command)
  if (dialogId === '' && transactionId !== '') return cancel(handler, app, command)
  const line = parseRequestLine(startLine)
  if (!line) {
    const reason =
      dialogId === ''
        ? `invalid request-uri: ${startLine}`
        : `Server error: invalid or missing method on start line: ${startLine}`
    return app.send(notOkFrame(command.id, reason))
  }
  const { message, route } = command
  handler.sendRequest(app, { ...line, ...message, dialogId, route }, new FrameRequester(app, command.id))
}

function respond(handler: CommandHandler, app: AppConnection, command: SipCommand): void {
  const { id, transactionId, message } = command
  const line = parseStatusLine(command.startLine)
  if (!line) return app.send(notOkFrame(id, 'invalid status line'))
  const outcome = handler.sendResponse(app, transactionId, { ...line, ...message })
  app.send(
    'refused' in outcome
      ? notOkFrame(id, outcome.refused)
      : responseSentFrame(id, transactionId, outcome.dialogId, outcome.response, outcome.flow),
  )
}

function cancel(handler: CommandHandler, app: AppConnection, command: SipCommand): void {
  const { id, transactionId, startLine, message } = command
  const outcome = startLine.startsWith('CANCEL')
    ? handler.sendCancel(app, transactionId, message)
    : { refused: `unable to cancel unknown transaction id: ${transactionId}` }
  app.send(
    'refused' in outcome
      ? notOkFrame(id, outcome.refused)
      : requestSentFrame(id, newId(), outcome.request, outcome.flow),
  )
}
