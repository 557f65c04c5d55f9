import type { PushOutcome } from '../../ports/push.js'
import { retryAfterMs } from './retry-after.js'

/** The part of a service's answer that decides, and the beginning of its body. */
export interface WebhookAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** What an answer means by the webhook contract. `now`: milliseconds since the epoch. */
export function outcomeOf(answer: WebhookAnswer, now: number): PushOutcome {
  const { status } = answer
  const detail = `webhook answered ${status}${excerpt(answer.body)}`
  if (status >= 200 && status < 300) return delivered(answer.body)
  if (status === 404 || status === 410) return { kind: 'gone', detail }
  if (status === 429 || status >= 500) {
    const afterMs = retryAfterMs(single(answer.headers['retry-after']), single(answer.headers['date']), now)
    return { kind: 'retry', detail, ...(afterMs === undefined ? {} : { afterMs }) }
  }
  if (status >= 300 && status < 400) {
    const location = single(answer.headers['location']) ?? 'nowhere'
    return { kind: 'refused', detail: `webhook redirects (${status}) to ${location}; that is not followed` }
  }
  return { kind: 'refused', detail }
}

function delivered(body: string): PushOutcome {
  const id = /"id"\s*:\s*"([^"\\]{1,200})"/.exec(body)?.[1]
  return { kind: 'delivered', ...(id === undefined ? {} : { id }) }
}

function excerpt(body: string): string {
  const line = body.replace(/\s+/g, ' ').trim().slice(0, 200)
  return line === '' ? '' : `: ${line}`
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
