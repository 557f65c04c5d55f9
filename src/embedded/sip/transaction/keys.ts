import {
  callIdOf,
  cseqOf,
  fromTag,
  toTag,
  topVia,
  type SipRequest,
  type SipResponse,
} from '../message/message.js'
import { BRANCH_COOKIE } from '../message/via.js'
import { oneText } from '../one-text.js'

/** What a response is matched by (RFC 3261 §17.1.3). */
export function clientKey(branch: string, method: string): string {
  return oneText('|', branch, method)
}

export function responseKey(response: SipResponse): string | undefined {
  const branch = topVia(response)?.branch
  const method = cseqOf(response)?.method
  return branch === undefined || method === undefined ? undefined : clientKey(branch, method)
}

/**
 * What a request is matched by (§17.2.3). An ACK or CANCEL is looked up under `INVITE`, the method that it is
 * about. Branches without the cookie are those of RFC 2543, and not unique.
 */
export function serverKey(request: SipRequest, method: string): string {
  const via = topVia(request)
  const branch = via?.branch ?? ''
  const sentBy = `${via?.host.toLowerCase()}:${via?.port ?? ''}`
  if (branch.startsWith(BRANCH_COOKIE) && branch.length > BRANCH_COOKIE.length) {
    return oneText('|', branch, sentBy, method)
  }
  const cseq = cseqOf(request)?.number
  return oneText('|', '2543', callIdOf(request), cseq, fromTag(request), branch, sentBy, method)
}

/** Equal for the copies of one request that a forking proxy sent here on several ways (§8.2.2.2). */
export function mergeKey(request: SipRequest): string | undefined {
  if (toTag(request) !== undefined) return undefined
  return oneText('|', callIdOf(request), cseqOf(request)?.number, fromTag(request), request.method)
}
