import { lookup } from 'node:dns'
import { setMaxListeners } from 'node:events'
import { Agent as HttpAgent, type ClientRequest, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Clock } from '../../ports/clock.js'
import { addressRule, type MayGoTo } from './addresses.js'
import { type Answer, exchange } from './exchange.js'
import { WebFault } from './fault.js'
import { forbidden, guardedLookup, type ResolveAll } from './lookup.js'

export interface WebRules {
  /** Single addresses or CIDR networks, beside the public ones. */
  readonly allowPrivate: readonly string[]
  readonly allowHttp: boolean
}

export interface WebRequest {
  readonly url: URL
  readonly method: 'GET' | 'POST'
  /** What is sent to a URL; a redirect has it made anew. */
  readonly compose: (method: 'GET' | 'POST', url: URL) => Composed
  /** Of all of it, redirects included. */
  readonly timeoutMs: number
  /** Bytes of the answer's body. */
  readonly most: number
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal
}

export interface Composed {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export interface WebAnswer extends Answer {
  /** Where it came from: the last of the redirects. */
  readonly url: URL
}

export interface WebClientOptions {
  readonly rules: WebRules
  readonly clock: Clock
  /** In place of node:dns. */
  readonly resolve?: ResolveAll
  /** PEM of a CA beside the known ones. */
  readonly ca?: string
  /** How long a connection is kept for the next request, in milliseconds; 30 s without it. */
  readonly keepMs?: number
}

const MOST_REDIRECTS = 3
/** To one host; to all of them. */
const MOST_CONNECTIONS = 64
const MOST_CONNECTIONS_IN_ALL = 512
/** Kept for the next request, to one host each. */
const MOST_KEPT = 4
const KEEP_CONNECTION_MS = 30_000

/** Requests to applications, which are not to be trusted with our own network. */
export class WebClient {
  readonly #options: WebClientOptions
  readonly #mayGoTo: MayGoTo
  readonly #http: HttpAgent
  readonly #https: HttpsAgent
  readonly #closing = new AbortController()

  constructor(options: WebClientOptions) {
    this.#options = options
    // Each request listens to it, and many are under way.
    setMaxListeners(0, this.#closing.signal)
    this.#mayGoTo = addressRule(options.rules.allowPrivate)
    const look = guardedLookup(options.resolve ?? lookup, this.#mayGoTo)
    const pool = {
      ...{ keepAlive: true, timeout: options.keepMs ?? KEEP_CONNECTION_MS, lookup: look },
      ...{
        maxSockets: MOST_CONNECTIONS,
        maxTotalSockets: MOST_CONNECTIONS_IN_ALL,
        maxFreeSockets: MOST_KEPT,
      },
    }
    this.#http = new HttpAgent(pool)
    this.#https = new HttpsAgent({ ...pool, ...(options.ca === undefined ? {} : { ca: options.ca }) })
  }

  /**
   * The 2xx answer, after up to three redirects (RFC 9110 §15.4).
   *
   * @throws {@link WebFault}
   */
  async ask(request: WebRequest): Promise<WebAnswer> {
    const ending = new AbortController()
    const slow = new WebFault('slow', `no answer within ${request.timeoutMs} ms`, true)
    const stopTimer = this.#options.clock.after(request.timeoutMs, () => ending.abort(slow))
    const aborted = (): void => ending.abort(new WebFault('aborted', 'the request was given up'))
    const signals = [this.#closing.signal, ...(request.signal === undefined ? [] : [request.signal])]
    for (const signal of signals) {
      signal.addEventListener('abort', aborted)
      if (signal.aborted) aborted()
    }
    try {
      return await this.#follow(request, ending.signal)
    } catch (error) {
      throw faultOf(error)
    } finally {
      stopTimer()
      for (const signal of signals) signal.removeEventListener('abort', aborted)
    }
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closing.abort()
    this.#http.destroy()
    this.#https.destroy()
  }

  async #follow({ url, method, compose, most }: WebRequest, signal: AbortSignal): Promise<WebAnswer> {
    let [to, by] = [url, method]
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const answer = await this.#send(by, compose(by, to), most, signal)
      const next = redirectOf(answer, to)
      if (next === undefined) return { ...good(answer), url: to }
      // The three older codes turn POST into GET, as all user agents do (RFC 9110 §15.4.2 ff.).
      if (answer.status < 307) by = 'GET'
      to = next
    }
    throw new WebFault('redirects', `more than ${MOST_REDIRECTS} redirects`)
  }

  async #send(method: string, composed: Composed, most: number, signal: AbortSignal): Promise<Answer> {
    this.#check(composed.url)
    const first = this.#request(method, composed)
    try {
      return await exchange(first, composed.body, most, signal)
    } catch (error) {
      // The application closed a kept connection in the very moment that it was used: no failure of anybody.
      const stale = first.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(codeOf(error)) && !signal.aborted
      if (!stale) throw error
      return exchange(this.#request(method, composed), composed.body, most, signal)
    }
  }

  #check({ protocol, hostname }: URL): void {
    if (protocol !== 'https:' && protocol !== 'http:') {
      throw new WebFault('forbidden', `${protocol} is neither https: nor http:`)
    }
    if (protocol === 'http:' && !this.#options.rules.allowHttp) {
      throw new WebFault('forbidden', `http://${hostname} goes without TLS; instructions.allow-http is off`)
    }
    // An address is not looked up. The URL parser has made one of every way to write it.
    const bare = hostname.replace(/^\[|\]$/g, '')
    if (isIP(bare) !== 0 && !this.#mayGoTo(bare)) throw forbidden(bare, undefined)
  }

  #request(method: string, { url, headers, body }: Composed): ClientRequest {
    const secure = url.protocol === 'https:'
    const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    return (secure ? httpsRequest : httpRequest)({
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path: `${url.pathname}${url.search}`,
      method,
      agent: secure ? this.#https : this.#http,
      headers: {
        'user-agent': 'reveille',
        'accept-encoding': 'identity',
        ...basic(url),
        ...headers,
        ...length,
      },
    })
  }
}

/** Credentials within a URL (RFC 3986 §3.2.1) are for Basic authentication (RFC 7617). */
function basic({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` }
}

function redirectOf({ status, headers }: Answer, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined
  const location = headers.location ?? ''
  if (location === '' || !URL.canParse(location, from.href)) {
    throw new WebFault('redirects', `a redirect (${status}) to nowhere`)
  }
  return new URL(location, from)
}

function good(answer: Answer): Answer {
  const { status } = answer
  if (status < 200 || status >= 300) {
    throw new WebFault('status', `the answer is ${status}`, status === 429 || status >= 500)
  }
  const encoding = answer.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    throw new WebFault('type', `the answer is encoded as ${encoding}, which was not asked for`)
  return answer
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function faultOf(error: unknown): WebFault {
  if (error instanceof WebFault) return error
  // Several addresses of one host failed, or none of them was open.
  const inner = error instanceof AggregateError ? (error.errors as unknown[])[0] : error
  if (inner instanceof WebFault) return inner
  const text = inner instanceof Error ? inner.message : String(inner)
  return new WebFault('unreachable', text, true)
}
