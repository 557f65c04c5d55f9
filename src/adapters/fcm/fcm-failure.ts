import type { HttpAnswer } from './https-post.js'
import { isObject, jsonOf } from './json-of.js'

/** What FCM said of a push that it did not take. */
export interface FcmFailure {
  readonly status: number
  /** FCM's own code (its `ErrorCode`), or else Google's general one; '' where the answer is none of FCM's. */
  readonly code: string
  readonly message: string
  /** Fields of the request that Google finds wrong, as `message.token`. */
  readonly fields: readonly string[]
  readonly retryAfter: string | undefined
  readonly date: string | undefined
}

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError'

/** A gateway on the way may have answered instead of FCM, in HTML. */
export function failureOf({ status, text, retryAfter, date }: HttpAnswer): FcmFailure {
  const { error } = jsonOf(text)
  const fields = isObject(error) ? error : {}
  const details = (Array.isArray(fields['details']) ? fields['details'] : []).filter(isObject)
  const own = details.find((detail) => detail['@type'] === FCM_ERROR)?.['errorCode']
  const general = fields['status']
  const said = fields['message']
  return {
    status,
    code: typeof own === 'string' ? own : typeof general === 'string' ? general : '',
    message: typeof said === 'string' ? said : text.replace(/\s+/g, ' ').slice(0, 200),
    fields: details.flatMap(violations),
    retryAfter,
    date,
  }
}

/** Of a google.rpc.BadRequest. */
function violations({ fieldViolations }: Readonly<Record<string, unknown>>): string[] {
  if (!Array.isArray(fieldViolations)) return []
  return fieldViolations
    .filter(isObject)
    .map(({ field }) => field)
    .filter((field) => typeof field === 'string')
}
