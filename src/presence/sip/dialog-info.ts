import type { Presence } from '../../ports/presence.js'
import { xmlText } from './xml.js'

/**
 * What a lamp shows (RFC 4235): lit while the user is in a call, or says to be busy or not to be disturbed. There is one
 * dialog, which stands for all; whom it is with is nobody's business.
 *
 * @param version of the documents of one subscription, from 0
 */
export function dialogInfo({ state, inCall }: Presence, entity: string, version: number): string {
  const lit = inCall || state === 'busy' || state === 'do-not-disturb'
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${String(version)}" state="full" ` +
    `entity="${xmlText(entity)}"><dialog id="all"><state>${lit ? 'confirmed' : 'terminated'}</state></dialog>` +
    '</dialog-info>\n'
  )
}
