import { Headers } from './headers.js'
import { response, toTag, type SipRequest, type SipResponse } from './message.js'
import { withTag } from './name-addr.js'

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
        headers.add(field.name, field.value)
        break
      case 'to':
        headers.add(
          field.name,
          options.tag === undefined || toTag(request) !== undefined
            ? field.value
            : withTag(field.value, options.tag),
        )
        break
      case 'record-route':
        // §12.1.1: the dialog's route set must reach the UAC.
        if (status > 100 && status < 300) headers.add(field.name, field.value)
        break
      case 'timestamp':
        if (status === 100) headers.add(field.name, field.value)
        break
    }
  }
  for (const [name, value] of options.headers ?? []) headers.add(name, value)
  return response(status, options.reason ?? reasonPhrase(status), headers, options.body)
}
