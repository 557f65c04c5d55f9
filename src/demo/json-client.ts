import { Agent, request } from 'node:http'
import type { Address } from './sip/uri.js'

/** What the server answered: problems (RFC 9457) too, which are no error here. */
export interface ApiAnswer {
  readonly status: number
  /** The JSON body; undefined where there is none. */
  readonly body: unknown
}

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly token?: string | undefined
  readonly body?: object | undefined
  /** Default: the client's. */
  readonly deadlineMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** HTTP and JSON over connections that are kept open, as an app's. */
export class JsonClient {
  readonly #agent: Agent

  /** `deadlineMs`: for each request. `connections`: how many at most. */
  constructor(
    private readonly server: Address,
    private readonly deadlineMs = 5000,
    connections = 1,
  ) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, noDelay: true })
  }

  /** Rejects where there is no answer: no connection, the deadline, the signal. */
  exchange({ method, path, token, body, deadlineMs, signal }: JsonRequest): Promise<ApiAnswer> {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      'content-length': Buffer.byteLength(text),
    }
    const limitMs = deadlineMs ?? this.deadlineMs
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.server, method, path, headers, agent: this.#agent, signal })
      const timer = setTimeout(
        () => sent.destroy(new Error(`no answer to ${method} ${path} within ${limitMs} ms`)),
        limitMs,
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

  close(): void {
    this.#agent.destroy()
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
