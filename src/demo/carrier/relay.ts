import type { IncomingCall } from '../incoming-call.js'
import { header } from '../sip/message.js'
import { parseNameAddr, parseUri } from '../sip/uri.js'
import type { CellCall } from './cell-call.js'
import type { Party } from './forwarded-invite.js'

/**
 * A call from a trunk to a subscriber: what becomes of it at the phone, and of its forwarded leg, is told to its caller.
 * Signalling alone: no sound goes through.
 */
export function relay(incoming: IncomingCall, call: (from: Party) => CellCall): void {
  const cell = call(callerIn(incoming))
  void incoming.ended.then(() => cell.hangUp())
  cell.forwarded.then(
    (leg) =>
      void leg.answered().then(
        () => incoming.answer(),
        () => undefined,
      ),
    () => undefined,
  )
  void cell.ended.then(async (ending) => {
    if (ending.how !== 'forwarded') return incoming.decline(ending.how === 'failed' ? 486 : 480)
    const outcome = await ending.leg.outcome
    if (outcome.kind === 'failed') incoming.decline(outcome.status)
    else incoming.hangUp()
  })
}

function callerIn({ invite }: IncomingCall): Party {
  const from = parseNameAddr(header(invite, 'From') ?? '')
  const { user = '' } = parseUri(from.uri) ?? {}
  const number = /^\+\d+$/.test(user) ? user : null
  return { number, ...(from.display === '' ? {} : { name: from.display }) }
}
