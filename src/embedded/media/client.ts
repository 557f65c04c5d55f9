import { EventEmitter } from 'node:events'
import { PendingCalls } from './calls.js'
import { Endpoint, type EngineOfEndpoint } from './client-endpoint.js'
import { MediaError } from './errors.js'
import { Outbox } from './outbox.js'
import type { Command, FromPlane, Method, Methods, Reply, Request } from './protocol.js'
import type { Carriage } from './sdp/security.js'
import { Sessions, type CreateParams } from './sessions.js'
import type { CodecChoice, EngineStats, MediaOptions } from './types.js'

/** As much of a worker thread as the client needs. */
export interface WorkerLike {
  postMessage(message: unknown): void
  terminate(): Promise<unknown>
  on(event: 'message', listener: (replies: FromPlane) => void): unknown
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
  /** Gives the creation up. */
  signal?: AbortSignal
}

interface EngineEvents {
  /** The worker died. Every request has been rejected and every endpoint told. */
  lost: [error: MediaError]
  /** A defect has cost an endpoint, which was told that it is lost; the others live on. */
  fault: [error: MediaError]
}

const DEFAULT_TIMEOUT = 2000

/** Of what the worker is told nothing is answered: at most this often, in ms, it is asked whether it lives. */
const PING_MS = 1000

/** And so often, in ms, where there are endpoints and it is told nothing: packets may have stopped all the same. */
const IDLE_PING_MS = 5000

/**
 * The engine as the main thread sees it: `close()` is our wish, `lost` is what happens to us. Descriptions are
 * negotiated here, so that no call waits for another thread; packets are the worker's.
 *
 *   running --close()--> closed
 *   running --worker dies--> lost
 */
export class MediaEngine extends EventEmitter<EngineEvents> {
  readonly #worker: WorkerLike
  readonly #calls = new PendingCalls()
  readonly #sessions: Sessions
  readonly #outbox: Outbox<Command | Request>
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #timeoutMs: number
  #state: 'running' | 'closed' | 'lost' = 'running'
  #closing: Promise<void> | undefined
  readonly #ofEndpoints: EngineOfEndpoint
  #doubted = false
  #pingedAt = -Infinity
  readonly #idle: NodeJS.Timeout

  private constructor(worker: WorkerLike, options: MediaOptions, timeoutMs: number) {
    super()
    this.#worker = worker
    this.#timeoutMs = timeoutMs
    this.#outbox = new Outbox((items) => this.#worker.postMessage(items))
    this.#sessions = new Sessions(options, {
      lease: (count, late) => this.#ask('lease', { count }, { late }),
      send: (command) => this.#tell(command),
    })
    this.#ofEndpoints = {
      sessions: this.#sessions,
      ask: (method, params) => this.#ask(method, params),
      closed: (id) => this.#forget(id),
    }
    this.#idle = setInterval(() => {
      if (this.#endpoints.size > 0) this.#ping()
    }, IDLE_PING_MS).unref()
    worker.on('message', (replies) => {
      for (const reply of replies) this.#receive(reply)
    })
    worker.on('error', (error) => this.#lose(new MediaError('engine-lost', error.message, { cause: error })))
    worker.on('exit', (code) => this.#lose(new MediaError('engine-lost', `the worker ended with ${code}`)))
  }

  /** @throws MediaError `bad-option`, `engine-lost`, `deadline`; the worker is ended then */
  static async start(worker: WorkerLike, options: EngineOptions): Promise<MediaEngine> {
    const { requestTimeoutMs = DEFAULT_TIMEOUT, ...params } = options
    let engine: MediaEngine | undefined
    try {
      engine = new MediaEngine(worker, params, requestTimeoutMs)
      // Loading the worker's code takes longer than any request to it.
      await engine.#ask('start', params, { deadlineMs: Math.max(10_000, requestTimeoutMs) })
      return engine
    } catch (error) {
      if (engine) {
        engine.#state = 'closed'
        clearInterval(engine.#idle)
      }
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
    const description = await this.#sessions.create(createParams(options), options.signal)
    const endpoint = new Endpoint(description, this.#ofEndpoints)
    this.#endpoints.set(endpoint.id, endpoint)
    return endpoint
  }

  /** Whether an offer would be taken: nothing is kept for it. @throws MediaError `bad-sdp`, `not-acceptable` */
  check(offer: string): void {
    this.#sessions.check(offer)
  }

  stats(): Promise<EngineStats> {
    return this.#ask('stats', undefined)
  }

  /** Ends every endpoint and the worker. Endpoints are not told: it is our own wish. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    clearInterval(this.#idle)
    const closed = new MediaError('engine-lost', 'the engine is closed')
    this.#sessions.close(closed)
    if (this.#state === 'running') {
      this.#state = 'closed'
      const ended = this.#ask('close', undefined)
      // Gracefully where that works; where it does not, ending the thread closes its sockets all the same.
      await ended.catch(() => undefined)
    }
    this.#calls.lose(closed)
    for (const endpoint of this.#endpoints.values()) endpoint.engineClosed()
    this.#endpoints.clear()
    await this.#worker.terminate()
  }

  #ask<M extends Method>(
    method: M,
    params: Methods[M]['params'],
    options: { deadlineMs?: number; late?: (result: Methods[M]['result']) => void } = {},
  ): Promise<Methods[M]['result']> {
    const { deadlineMs = this.#timeoutMs, late } = options
    const answer = this.#calls.call<Methods[M]['result']>({ method, deadlineMs, late }, (call) =>
      this.#outbox.put({ type: 'request', call, method, params } as Request),
    )
    answer.catch((error: unknown) => {
      if (error instanceof MediaError && error.code === 'deadline') this.#doubt(error)
    })
    return answer
  }

  #tell(command: Command): void {
    this.#outbox.put(command)
    this.#ping()
  }

  #ping(): void {
    const now = performance.now()
    if (now - this.#pingedAt < PING_MS) return
    this.#pingedAt = now
    // A late answer raises the doubt; a worker that is gone is heard of as such.
    this.#ask('ping', undefined).catch(() => undefined)
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
      case 'fault': {
        const endpoint = this.#endpoints.get(reply.id)
        if (!endpoint) return
        this.#forget(reply.id)
        const error = new MediaError('internal', reply.message)
        endpoint.engineLost(error)
        this.emit('fault', error)
        return
      }
      default:
        reply satisfies never
    }
  }

  #forget(id: string): void {
    this.#endpoints.delete(id)
    this.#sessions.remove(id)
  }

  #lose(error: MediaError): void {
    if (this.#state !== 'running') {
      this.#calls.lose(error)
      return
    }
    this.#state = 'lost'
    clearInterval(this.#idle)
    this.#calls.lose(error)
    this.#sessions.close(error)
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
