import { EventEmitter } from 'node:events'
import { PendingCalls } from './calls.js'
import { Endpoint } from './client-endpoint.js'
import type { CreateParams } from './endpoint-factory.js'
import { MediaError } from './errors.js'
import type { Method, Methods, Reply } from './protocol.js'
import type { Carriage } from './sdp/security.js'
import type { CodecChoice, EndpointDescription, EngineStats, MediaOptions } from './types.js'

/** As much of a worker thread as the client needs. */
export interface WorkerLike {
  postMessage(message: unknown): void
  terminate(): Promise<unknown>
  on(event: 'message', listener: (reply: Reply) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
}

export interface EngineOptions extends MediaOptions {
  /** How long, in ms, a request to the worker may take. 2000. */
  requestTimeoutMs?: number
}

export interface CreateOptions {
  /** An offer: it is answered. Without it an offer is made. */
  remoteSdp?: string
  /** Only these are offered or taken, in this order. */
  codecs?: readonly CodecChoice[]
  /**
   * For an offer: an endpoint to be joined to, and only what can be joined to it is offered; or a description,
   * whose codecs are offered and G.711 after them.
   */
  offerLike?: Endpoint | string
  /** How the packets of our own offer travel; in the clear by default. */
  carriage?: Carriage
  /** For an answer: an endpoint to be joined to, and only what can be joined to it is taken. */
  answerLike?: Endpoint
  /** Gives the creation up; what was opened nevertheless is closed. */
  signal?: AbortSignal
}

interface EngineEvents {
  /** The worker died. Every request has been rejected and every endpoint told. */
  lost: [error: MediaError]
}

const DEFAULT_TIMEOUT = 2000

/**
 * The engine as the main thread sees it: `close()` is our wish, `lost` is what happens to us.
 *
 *   running --close()--> closed
 *   running --worker dies--> lost
 */
export class MediaEngine extends EventEmitter<EngineEvents> {
  readonly #worker: WorkerLike
  readonly #calls = new PendingCalls()
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #timeoutMs: number
  #state: 'running' | 'closed' | 'lost' = 'running'
  #closing: Promise<void> | undefined
  #doubted = false

  private constructor(worker: WorkerLike, timeoutMs: number) {
    super()
    this.#worker = worker
    this.#timeoutMs = timeoutMs
    worker.on('message', (reply) => this.#receive(reply))
    worker.on('error', (error) => this.#lose(new MediaError('engine-lost', error.message, { cause: error })))
    worker.on('exit', (code) => this.#lose(new MediaError('engine-lost', `the worker ended with ${code}`)))
  }

  /** @throws MediaError `bad-option`, `engine-lost`, `deadline`; the worker is ended then */
  static async start(worker: WorkerLike, options: EngineOptions): Promise<MediaEngine> {
    const { requestTimeoutMs = DEFAULT_TIMEOUT, ...params } = options
    const engine = new MediaEngine(worker, requestTimeoutMs)
    try {
      // Loading the worker's code takes longer than any request to it.
      await engine.#ask('start', params, { deadlineMs: Math.max(10_000, requestTimeoutMs) })
      return engine
    } catch (error) {
      engine.#state = 'closed'
      await worker.terminate()
      throw error
    }
  }

  /** Endpoints that are open. */
  get open(): number {
    return this.#endpoints.size
  }

  get state(): 'running' | 'closed' | 'lost' {
    return this.#state
  }

  /** @throws MediaError `not-acceptable`, `bad-sdp`, `no-ports`, `bad-option`, `engine-lost`, `deadline`, `aborted` */
  async createEndpoint(options: CreateOptions = {}): Promise<Endpoint> {
    const description = await this.#ask('create', createParams(options), {
      signal: options.signal,
      onLate: (late) => this.#discard(late),
    })
    const endpoint = new Endpoint(
      description,
      (method, params) => this.#ask(method, params),
      () => this.#endpoints.delete(description.id),
    )
    this.#endpoints.set(endpoint.id, endpoint)
    return endpoint
  }

  /** An endpoint that nobody waits for any more. */
  #discard({ id }: EndpointDescription): void {
    // Late or not, the worker does it, in its turn; and if it is lost there is nothing to remove.
    this.#ask('remove', { id }).catch(() => undefined)
  }

  stats(): Promise<EngineStats> {
    return this.#ask('stats', undefined)
  }

  /** Ends every endpoint and the worker. Endpoints are not told: it is our own wish. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'closed'
      const ended = this.#ask('close', undefined)
      // Gracefully where that works; where it does not, ending the thread closes its sockets all the same.
      await ended.catch(() => undefined)
    }
    this.#calls.lose(new MediaError('engine-lost', 'the engine is closed'))
    for (const endpoint of this.#endpoints.values()) endpoint.engineClosed()
    this.#endpoints.clear()
    await this.#worker.terminate()
  }

  #ask<M extends Method>(
    method: M,
    params: Methods[M]['params'],
    options: {
      deadlineMs?: number
      signal?: AbortSignal | undefined
      onLate?: (result: Methods[M]['result']) => void
    } = {},
  ): Promise<Methods[M]['result']> {
    const { deadlineMs = this.#timeoutMs, signal, onLate } = options
    const answer = this.#calls.call<Methods[M]['result']>({ method, deadlineMs, signal, onLate }, (call) =>
      this.#worker.postMessage({ call, method, params }),
    )
    answer.catch((error: unknown) => {
      if (error instanceof MediaError && error.code === 'deadline') this.#doubt(error)
    })
    return answer
  }

  /** A late answer may be our own thread's fault. A worker that does not answer the next question hangs. */
  #doubt(cause: MediaError): void {
    if (this.#doubted || this.#state !== 'running') return
    this.#doubted = true
    this.stats().then(
      () => (this.#doubted = false),
      () => {
        this.#lose(new MediaError('engine-lost', 'the worker does not answer', { cause }))
        void this.#worker.terminate()
      },
    )
  }

  #receive(reply: Reply): void {
    switch (reply.type) {
      case 'result':
        this.#calls.resolve(reply.call, reply.result)
        return
      case 'error':
        this.#calls.reject(reply.call, new MediaError(reply.code, reply.message))
        return
      case 'event': {
        const { event } = reply
        const endpoint = this.#endpoints.get(event.id)
        if (event.type === 'dtmf') endpoint?.emit('dtmf', event.detail)
        else if (event.type === 'media-timeout') endpoint?.emit('media-timeout', event.detail)
        else endpoint?.performed(event.detail)
        return
      }
      default:
        reply satisfies never
    }
  }

  #lose(error: MediaError): void {
    if (this.#state !== 'running') {
      this.#calls.lose(error)
      return
    }
    this.#state = 'lost'
    this.#calls.lose(error)
    const endpoints = [...this.#endpoints.values()]
    this.#endpoints.clear()
    for (const endpoint of endpoints) endpoint.engineLost(error)
    this.emit('lost', error)
  }
}

function createParams(options: CreateOptions): CreateParams {
  const { remoteSdp, codecs, offerLike, answerLike, carriage } = options
  const joinable = remoteSdp === undefined ? offerLike : answerLike
  return {
    ...(remoteSdp === undefined ? {} : { remoteSdp }),
    ...(codecs ? { codecs } : {}),
    ...(carriage ? { carriage } : {}),
    ...(typeof joinable === 'string' ? { likeSdp: joinable } : joinable ? { joinable: joinable.id } : {}),
  }
}
