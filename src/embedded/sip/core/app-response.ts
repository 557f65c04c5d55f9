import type { AppMessage } from '../control/command.js'
import { newTag } from '../ids.js'
import { reasonPhrase, respondTo } from '../message/build.js'
import { toTag, type SipRequest, type SipResponse } from '../message/message.js'
import { advertisedAddress } from '../transport/local-address.js'
import type { Flow } from '../transport/transport.js'
import { AppHeaders, IDENTITY, parseStatusLine } from './app-headers.js'

/** What an app wants to be sent, read and checked. */
export interface AppResponse {
  readonly status: number
  readonly reason: string
  readonly headers: AppHeaders
  readonly body: Buffer
  /** The To tag that the app chose, if it did. */
  readonly tag: string | undefined
}

export function readResponse(message: AppMessage, flow: Flow): AppResponse | undefined {
  const line = parseStatusLine(message.startLine)
  if (!line) return undefined
  const headers = new AppHeaders(message, advertisedAddress(flow.point, flow.remote.address))
  const tag = /;\s*tag=([^;\s]+)/i.exec(headers.get('to') ?? '')?.[1]
  const reason = line.reason === '' ? reasonPhrase(line.status) : line.reason
  return { status: line.status, reason, headers, body: message.body, tag }
}

/** The response for the wire. `contact` is added where the app gave none; `tag` where the request had none. */
export function buildResponse(
  request: SipRequest,
  answer: AppResponse,
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
  for (const [name, value] of answer.headers.except(IDENTITY)) response.headers.add(name, value)
  return response
}

/** The tag of this side in answers to that request: its own where it is within a dialog. */
export function answerTag(request: SipRequest, chosen: string | undefined): string {
  return toTag(request) ?? chosen ?? newTag()
}
