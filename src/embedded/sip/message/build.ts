import { HeaderField, Headers } from './headers.js'
import { response, type SipRequest, type SipResponse } from './message.js'
import { parseNameAddr, withTag } from './name-addr.js'

/** Reason phrases of the responses this server makes itself. */
const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  200: 'OK',
  400: 'Bad Request',
  408: 'Request Timeout',
  422: 'Session Interval Too Small',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  487: 'Request Terminated',
  491: 'Request Pending',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Server Time-out',
}

export function reasonPhrase(status: number): string {
  return REASONS[status] ?? 'Unknown'
}

export interface ResponseOptions {
  readonly reason?: string
  /** Put on the To header unless it has one. */
  readonly tag?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: Buffer
}

/** A response to that request, with the headers that RFC 3261 §8.2.6.2 says to copy. */
export function respondTo(request: SipRequest, status: number, options: ResponseOptions = {}): SipResponse {
  const headers = new Headers()
  for (const field of request.headers.fields) {
    switch (field.key) {
      case 'via':
      case 'from':
      case 'call-id':
      case 'cseq':
        headers.addField(field)
        break
      case 'to':
        headers.addField(options.tag === undefined ? field : withTagAdded(field, options.tag))
        break
      case 'record-route':
        // §12.1.1: the dialog's route set must reach the UAC.
        if (status > 100 && status < 300) headers.addField(field)
        break
      case 'timestamp':
        if (status === 100) headers.addField(field)
        break
    }
  }
  for (const [name, value] of options.headers ?? []) headers.add(name, value)
  return response(status, options.reason ?? reasonPhrase(status), headers, options.body)
}

/** The To field with that tag, unless it has one. */
function withTagAdded(to: HeaderField, tag: string): HeaderField {
  const address = to.parsed(parseNameAddr)
  if (address?.tag !== undefined) return to
  return new HeaderField(to.key, to.name, withTag(to.value, tag))
}
