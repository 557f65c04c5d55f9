import { Agent, request } from 'node:http'
import type { Address } from './sip/uri.js'

/** What the server answered: problems (RFC 9457) too, which are no error here. */
export interface ApiAnswer {
  readonly status: number
  /** The JSON body; undefined where there is none. */
  readonly body: unknown
}

export type DeclineBody =
  | { readonly reason: 'busy' | 'reject' }
  | { readonly reason: 'message'; readonly message: string }
  | { readonly reason: 'redirect'; readonly to: { readonly user: string } | { readonly number: string } }

/** The call API as an app uses it: one connection that is kept open, and the token of a push. */
export class CallApi {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, noDelay: true })

  /** `deadlineMs`: for each request. */
  constructor(
    private readonly server: Address,
    private readonly deadlineMs = 5000,
  ) {}

  /** Opens the connection, so that the next request need not. Rejects where the server cannot be reached. */
  async connect(): Promise<void> {
    await this.#exchange('GET', '/healthz', undefined)
  }

  view(callId: string, token: string): Promise<ApiAnswer> {
    return this.#exchange('GET', pathOf(callId), token)
  }

  /** `sdp`: the answer to the offer that the push carried. */
  accept(callId: string, token: string, sdp?: string): Promise<ApiAnswer> {
    return this.#exchange('POST', `${pathOf(callId)}/accept`, token, sdp === undefined ? {} : { sdp })
  }

  decline(callId: string, token: string, body: DeclineBody): Promise<ApiAnswer> {
    return this.#exchange('POST', `${pathOf(callId)}/decline`, token, body)
  }

  hangUp(callId: string, token: string): Promise<ApiAnswer> {
    return this.#exchange('POST', `${pathOf(callId)}/hangup`, token, {})
  }

  close(): void {
    this.#agent.destroy()
  }

  #exchange(method: string, path: string, token: string | undefined, body?: object): Promise<ApiAnswer> {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      'content-length': Buffer.byteLength(text),
    }
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.server, method, path, headers, agent: this.#agent })
      const timer = setTimeout(
        () => sent.destroy(new Error(`no answer to ${method} ${path} within ${this.deadlineMs} ms`)),
        this.deadlineMs,
      )
      sent.once('close', () => clearTimeout(timer))
      sent.once('error', reject)
      sent.once('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => {
          const answer = Buffer.concat(chunks).toString('utf8')
          resolve({ status: response.statusCode ?? 0, body: jsonOf(answer) })
        })
      })
      // One write, one packet: the head does not go ahead of a body that waits for it.
      sent.end(text)
    })
  }
}

function pathOf(callId: string): string {
  return `/v1/calls/${encodeURIComponent(callId)}`
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
