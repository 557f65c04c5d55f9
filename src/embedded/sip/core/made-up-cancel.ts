import { Headers } from '../message/headers.js'
import { cseqOf, request as makeRequest, type SipRequest } from '../message/message.js'

/** The wire protocol has no word for "the server ended this INVITE"; apps understand a CANCEL. */
export function madeUpCancel(invite: SipRequest, status: number, why: string): SipRequest {
  const headers = new Headers()
  for (const field of invite.headers.fields) {
    if (['via', 'from', 'to', 'call-id'].includes(field.key)) headers.add(field.name, field.value)
  }
  headers.add('CSeq', `${cseqOf(invite)?.number ?? 1} CANCEL`)
  headers.add('Reason', `SIP;cause=${status};text="${why}"`)
  return makeRequest('CANCEL', invite.uri, headers)
}
