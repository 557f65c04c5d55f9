import { once } from 'node:events'
import Srf from 'drachtio-srf'
import type { SharedSipServer } from '../../../../src/embedded/sip/index.js'
import { Queue } from './queue.js'

/** drachtio-srf as it is, where its own types say something else. */
export interface SrfMessage {
  readonly method: string
  readonly uri: string
  readonly status: number
  readonly body: string
  readonly type: string
  readonly raw: string
  get(name: string): string
  has(name: string): boolean
}

export interface SrfRequest extends SrfMessage {
  readonly source: string
  readonly source_address: string
  readonly source_port: number
  readonly protocol: string
  readonly receivedOn: string
  readonly stackTxnId: string
  readonly stackDialogId: string
  on(event: 'response', listener: (res: SrfMessage, ack: (opts?: object) => void) => void): void
  on(event: 'cancel' | 'update', listener: (req: SrfMessage) => void): void
  cancel(opts: object, callback: (error: Error | null, req: SrfRequest) => void): void
}

export interface SrfResponse {
  send(
    status: number,
    opts: object,
    callback: (error: unknown, sent: SrfMessage) => void,
    ack?: (req: SrfMessage) => void,
  ): void
}

export interface SrfDialog {
  readonly id: string
  readonly sip: { callId: string; localTag: string; remoteTag: string }
  readonly remote: { sdp: string; uri: string }
  connected: boolean
  on(event: 'destroy', listener: (req: SrfMessage, reason: string) => void): this
  on(event: 'ack', listener: (req: SrfMessage) => void): this
  on(
    event: 'modify' | 'info' | 'update' | 'notify',
    listener: (req: SrfRequest, res: SrfResponse) => void,
  ): this
  destroy(opts?: object): Promise<SrfMessage>
  modify(sdp: string): Promise<string>
  request(opts: { method: string; headers?: object; body?: string }): Promise<SrfMessage>
}

interface RealSrf {
  use(method: string, handler: (req: SrfRequest, res: SrfResponse) => void): void
  createUAS(req: SrfRequest, res: SrfResponse, opts: object): Promise<SrfDialog>
  createUAC(uri: string, opts: object, progress: object): Promise<SrfDialog>
  createB2BUA(
    req: SrfRequest,
    res: SrfResponse,
    uri: string,
    opts: object,
  ): Promise<{ uas: SrfDialog; uac: SrfDialog }>
  proxyRequest(
    req: SrfRequest,
    targets: string | string[],
    opts: object,
  ): Promise<{ finalStatus: number; connected: boolean; responses: { msgs: { status: number }[] }[] }>
  request(uri: string, opts: object, callback: (error: unknown, req: SrfRequest) => void): void
  on(event: string, listener: (...args: unknown[]) => void): void
  disconnect(): void
  _app: { client: { removeRoute(verb: string): void; idle: boolean } }
}

export interface Offer {
  readonly req: SrfRequest
  readonly res: SrfResponse
}

/** An app that tests drive: drachtio-srf, unmodified, connected to a server. */
export class TestApp {
  readonly srf: RealSrf

  private constructor(real: Srf) {
    this.srf = real as unknown as RealSrf
  }

  static async connect(server: SharedSipServer, secret = server.control.secret): Promise<TestApp> {
    const real = new Srf()
    // Without a listener srf throws; a lost connection shows in the test itself.
    real.on('error', () => undefined)
    const { host, port } = server.control
    void real.connect({ host, port, secret })
    const [error] = (await once(real, 'connect')) as [Error | null]
    if (error) throw error
    return new TestApp(real)
  }

  /** Asks for the requests of a method; they wait in the queue. */
  take(method: string): Queue<Offer> {
    const queue = new Queue<Offer>()
    this.srf.use(method, (req, res) => queue.push({ req, res }))
    return queue
  }

  /** Answers every INVITE at once. Dialogs come out of the queue. */
  answerAll(opts: object): Queue<SrfDialog> {
    const queue = new Queue<SrfDialog>()
    this.srf.use('invite', (req, res) => {
      // A call that is cancelled meanwhile rejects; its test looks at the peer.
      this.srf.createUAS(req, res, opts).then(
        (dialog) => queue.push(dialog),
        () => undefined,
      )
    })
    return queue
  }

  answer(offer: Offer, opts: object): Promise<SrfDialog> {
    return this.srf.createUAS(offer.req, offer.res, opts)
  }

  call(uri: string, opts: object = {}): OutgoingCall {
    return new OutgoingCall(this.srf, uri, opts)
  }

  /** Sends a request outside any dialog, and awaits its final response. */
  request(
    uri: string,
    opts: { method: string; headers?: object; body?: string; proxy?: string },
  ): Promise<SrfMessage> {
    return new Promise((resolve, reject) => {
      // In the callback, for the response may be there already: a promise would listen too late.
      this.srf.request(uri, opts, (error, req) => {
        if (error) reject(error instanceof Error ? error : new Error(error as string))
        else req.on('response', (res) => resolve(res))
      })
    })
  }

  close(): void {
    try {
      this.srf.disconnect()
    } catch {
      // srf has no socket any more: the test hung it up, or the server did.
      return
    }
  }
}

/** Sends a response, and settles when the server said what became of it. */
export function respond(res: SrfResponse, status: number, opts: object = {}): Promise<SrfMessage> {
  return new Promise((resolve, reject) => {
    res.send(status, opts, (error, sent) => {
      if (error) reject(error instanceof Error ? error : new Error(error as string))
      else resolve(sent)
    })
  })
}

export class OutgoingCall {
  readonly sent: Promise<SrfRequest>
  readonly provisionals = new Queue<SrfMessage>()
  /** Settles when the call is answered or has failed. */
  readonly dialog: Promise<SrfDialog>

  constructor(srf: RealSrf, uri: string, opts: object) {
    let sent!: (req: SrfRequest) => void
    this.sent = new Promise((resolve) => (sent = resolve))
    this.dialog = srf.createUAC(uri, opts, {
      cbRequest: (error: Error | null, req: SrfRequest) => {
        if (!error) sent(req)
      },
      cbProvisional: (res: SrfMessage) => this.provisionals.push(res),
    })
    // A test may look at the failure late, or not at all.
    this.dialog.catch(() => undefined)
  }

  /** The status of a call that fails. */
  failure(): Promise<number> {
    return this.dialog.then(
      () => 200,
      (error: { status?: number }) => error.status ?? 0,
    )
  }

  async cancel(headers: object = {}): Promise<SrfRequest> {
    const req = await this.sent
    return new Promise((resolve, reject) => {
      req.cancel({ headers }, (error, cancel) => (error ? reject(error) : resolve(cancel)))
    })
  }
}

/** The next `destroy` of a dialog: its BYE, and why. */
export function ended(dialog: SrfDialog): Promise<{ req: SrfMessage; reason: string }> {
  return new Promise((resolve) => dialog.on('destroy', (req, reason) => resolve({ req, reason })))
}
