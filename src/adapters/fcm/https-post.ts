import { type Agent, request } from 'node:https'

/** Answers of Google's are far shorter, bytes. */
const MAX_ANSWER = 65_536

export interface HttpAnswer {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | undefined
  /** The sender's clock. */
  readonly date: string | undefined
}

export interface HttpPost {
  readonly url: string
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** One request, whatever the status of its answer. Rejects where none came, and on an abort. */
export function post({ url, agent, headers, body }: HttpPost, signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      agent,
      signal,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    })
    sent.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > MAX_ANSWER) sent.destroy(new Error('the answer does not end'))
      })
      response.once('error', reject)
      response.once('end', () => {
        const { 'retry-after': retryAfter, date } = response.headers
        resolve({ status: response.statusCode ?? 0, text, retryAfter, date })
      })
    })
    // It may come after the answer, too.
    sent.on('error', reject)
    sent.end(body)
  })
}
