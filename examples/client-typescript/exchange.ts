import { type ProblemBody, ReveilleProblem } from './problem.js'

export interface ServerOptions {
  /** Where the API is: `https://calls.example.com`. */
  readonly base: string
  /** For each request, in milliseconds; 10,000 without it. */
  readonly timeoutMs?: number
  /** `fetch` of the platform, unless another is given. */
  readonly fetch?: typeof fetch
}

export interface Ask {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly token: string
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that the server may take, besides the usual. */
  readonly patienceMs?: number
}

/** One request. Rejects with {@link ReveilleProblem}, or as `fetch` does where there was no answer. */
export async function exchange<T>(server: ServerOptions, ask: Ask): Promise<T> {
  const { base, timeoutMs = 10_000, fetch: send = fetch } = server
  const { method, path, token, body, signal, patienceMs = 0 } = ask
  const timeout = AbortSignal.timeout(timeoutMs + patienceMs)
  const response = await send(new URL(path, base), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  })
  const text = await response.text()
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T
  throw problemOf(response, text)
}

function problemOf(response: Response, text: string): ReveilleProblem {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') === true
  // Something between here and the server may answer in its own way.
  const body = isProblem
    ? (JSON.parse(text) as ProblemBody)
    : { type: 'about:blank', title: response.statusText }
  const seconds = Number(response.headers.get('retry-after') ?? NaN)
  return new ReveilleProblem(response.status, body, Number.isFinite(seconds) ? seconds * 1000 : undefined)
}
