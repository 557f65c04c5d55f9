import type { AppResponse } from '../control/app.js'
import { newTag } from '../ids.js'
import { reasonPhrase, respondTo } from '../message/build.js'
import { toTag, type SipRequest, type SipResponse } from '../message/message.js'
import type { Flow } from '../transport/transport.js'
import { AppHeaders, IDENTITY } from './app-headers.js'

/** What an app wants to be sent, read and checked. */
export interface GivenResponse {
  readonly status: number
  readonly reason: string
  readonly headers: AppHeaders
  readonly body: Buffer
  /** The To tag that the app chose, if it did. */
  readonly tag: string | undefined
}

export function readResponse(response: AppResponse, flow: Flow): GivenResponse {
  const { status, reason, body } = response
  const headers = new AppHeaders(response, flow)
  const to = headers.get('to')
  const tag = to === undefined ? undefined : /;\s*tag=([^;\s]+)/i.exec(to)?.[1]
  return { status, reason: reason === '' ? reasonPhrase(status) : reason, headers, body, tag }
}

/** The response for the wire. `contact` is added where the app gave none; `tag` where the request had none. */
export function buildResponse(
  request: SipRequest,
  answer: GivenResponse,
  options: { tag?: string; contact?: string },
): SipResponse {
  const response = respondTo(request, answer.status, {
    reason: answer.reason,
    body: answer.body,
    ...(options.tag !== undefined && { tag: options.tag }),
  })
  if (options.contact !== undefined && answer.headers.get('contact') === undefined) {
    response.headers.add('Contact', options.contact)
  }
  answer.headers.addTo(response.headers, IDENTITY)
  return response
}

/** The tag of this side in answers to that request: its own where it is within a dialog. */
export function answerTag(request: SipRequest, chosen: string | undefined): string {
  return toTag(request) ?? chosen ?? newTag()
}
