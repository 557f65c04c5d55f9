import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2'

/** How long a connection that APNs said goodbye on is left to its requests before it is cut, ms. */
const DRAIN_MS = 30_000
/** A body is a reason of a few words, bytes. */
const MAX_ANSWER = 65_536

/** What one request came to. */
export type ApnsAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** APNs' name for the push. */
      readonly id: string | undefined
      /** Of a refusal. */
      readonly reason: string | undefined
      readonly retryAfter: string | undefined
    }
  /** No answer came. `unprocessed`: APNs has not looked at it, so it may go out again (RFC 9113 §8.7). */
  | { readonly kind: 'lost'; readonly detail: string; readonly unprocessed: boolean }

export interface ApnsExchange {
  /** Never rejects. */
  readonly answer: Promise<ApnsAnswer>
  /** Nobody waits for the answer any more. */
  cancel(): void
}

interface Destroyable {
  destroy(): void
}

export interface ApnsRequest {
  readonly headers: OutgoingHttpHeaders
  readonly body: string
}

export interface ApnsSessionOptions {
  /** `https://host:port` */
  readonly origin: string
  /** PEM of a CA of one's own. */
  readonly ca: string | undefined
  /** How often an idle connection is pinged, and how long it may take to say something, ms. */
  readonly pingMs: number
  readonly pongMs: number
}

/**
 * One HTTP/2 connection to APNs.
 * ```
 *  open --GOAWAY--> draining --last answer--> closed
 *    |                  |                       ^
 *    +------- error, cut, no pong --------------+
 * ```
 * While it drains, requests that are under way get their answer, and new ones belong to another session.
 */
export class ApnsSession {
  readonly #session: ClientHttp2Session
  readonly #ready: Promise<void>
  readonly #closed: Promise<void>
  readonly #pinging: NodeJS.Timeout
  #draining: NodeJS.Timeout | undefined
  #socket: Destroyable | undefined
  #why = 'the connection was closed'
  #heardAt = -Infinity

  constructor(private readonly options: ApnsSessionOptions) {
    const { origin, ca, pingMs } = options
    const session = (this.#session = connect(origin, ca === undefined ? {} : { ca }))
    this.#closed = new Promise((resolve) => session.once('close', resolve))
    // Only the settings say how many streams APNs bears: one, until it has seen a token that it likes.
    this.#ready = new Promise((resolve) => session.once('remoteSettings', () => resolve()))
    session.on('error', (error: Error) => (this.#why = error.message))
    session.once('connect', (_, socket) => (this.#socket = socket))
    session.on('goaway', () => {
      this.#draining ??= setTimeout(() => this.cut('APNs said goodbye'), DRAIN_MS).unref()
    })
    this.#pinging = setInterval(() => this.#ping(), pingMs).unref()
    void this.#closed.then(() => {
      clearInterval(this.#pinging)
      clearTimeout(this.#draining)
    })
  }

  /** Whether it takes requests. */
  get usable(): boolean {
    return this.#draining === undefined && !this.#session.closed && !this.#session.destroyed
  }

  /** When APNs was last heard on it, by the monotonic clock, ms. */
  get heardAt(): number {
    return this.#heardAt
  }

  /** Resolves when it is down. */
  get closed(): Promise<void> {
    return this.#closed
  }

  request(request: ApnsRequest): ApnsExchange {
    let stream: ClientHttp2Stream | undefined
    let cancelled = false
    const run = async (): Promise<ApnsAnswer> => {
      await Promise.race([this.#ready, this.#closed])
      if (cancelled) return lost('cancelled', false)
      if (!this.usable) return lost(this.#why, this.#draining !== undefined)
      stream = this.#session.request(request.headers)
      return this.#answer(stream, request.body)
    }
    return {
      answer: run().catch((error: unknown) => lost(String(error), false)),
      cancel: () => {
        cancelled = true
        stream?.close(constants.NGHTTP2_CANCEL)
      },
    }
  }

  /** Ends it and every request on it. Idempotent. */
  cut(reason: string): void {
    this.#why = reason
    this.#session.destroy()
    // A session that was closed gently waits for the other side to hang up, for ever.
    this.#socket?.destroy()
  }

  #answer(stream: ClientHttp2Stream, body: string): Promise<ApnsAnswer> {
    return new Promise((resolve) => {
      let status: number | undefined
      let id: string | undefined
      let retryAfter: string | undefined
      let text = ''
      let broken: string | undefined
      stream.setEncoding('utf8')
      stream.once('response', (headers) => {
        this.#heardAt = performance.now()
        status = headers[':status']
        id = single(headers['apns-id'])
        retryAfter = single(headers['retry-after'])
        // There is nothing more to come, and what becomes of the stream changes nothing.
        if (status === 200) resolve({ kind: 'answered', status, id, reason: undefined, retryAfter })
      })
      stream.on('data', (chunk: string) => {
        text += chunk
        if (text.length > MAX_ANSWER) stream.close(constants.NGHTTP2_CANCEL)
      })
      stream.once('error', (error: Error) => (broken = error.message))
      stream.once('close', () => {
        const { rstCode } = stream
        // Where a connection goes down, streams end as if they were whole: only their code tells.
        if (status === undefined || rstCode !== constants.NGHTTP2_NO_ERROR) {
          resolve(lost(broken ?? this.#why, rstCode === constants.NGHTTP2_REFUSED_STREAM))
        } else resolve({ kind: 'answered', status, id, reason: reasonIn(text), retryAfter })
      })
      stream.end(body)
    })
  }

  /** A connection that died without a word is found here rather than by a call. */
  #ping(): void {
    if (!this.usable) return
    const { pongMs } = this.options
    const late = setTimeout(() => this.cut(`no answer to a ping within ${pongMs} ms`), pongMs).unref()
    this.#session.ping((error) => {
      clearTimeout(late)
      if (error === null) this.#heardAt = performance.now()
    })
  }
}

function lost(detail: string, unprocessed: boolean): ApnsAnswer {
  return { kind: 'lost', detail, unprocessed }
}

function reasonIn(text: string): string | undefined {
  return /"reason"\s*:\s*"([^"\\]{1,100})"/.exec(text)?.[1]
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
