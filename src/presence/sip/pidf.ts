import type { Presence, PresenceState } from '../../ports/presence.js'
import { xmlText } from './xml.js'

/** Activities that RPID has a name for (RFC 4480 §3.2); it has none for who does not wish to be disturbed. */
const ACTIVITIES: Readonly<Record<PresenceState, string | undefined>> = {
  available: undefined,
  away: 'away',
  busy: 'busy',
  'do-not-disturb': 'busy',
  offline: undefined,
}

/** PIDF (RFC 3863), with what the person is doing in RPID (RFC 4480), for phones that show more than a lamp. */
export function pidf(presence: Presence, entity: string): string {
  const { state, note, since, inCall } = presence
  const activities = [ACTIVITIES[state], inCall ? 'on-the-phone' : undefined].filter(
    (one) => one !== undefined,
  )
  const basic = state === 'offline' ? 'closed' : 'open'
  const told = note ?? (state === 'do-not-disturb' ? 'Do not disturb' : null)
  const noted = told === null ? '' : `<note>${xmlText(told)}</note>`
  const timestamp = since === null ? '' : `<timestamp>${new Date(since / 1000).toISOString()}</timestamp>`
  const person =
    activities.length === 0
      ? ''
      : `<dm:person id="person"><rpid:activities>${activities.map((one) => `<rpid:${one}/>`).join('')}` +
        '</rpid:activities></dm:person>'
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" ' +
    `xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${xmlText(entity)}">` +
    `<tuple id="phone"><status><basic>${basic}</basic></status>${noted}${timestamp}</tuple>${person}</presence>\n`
  )
}
