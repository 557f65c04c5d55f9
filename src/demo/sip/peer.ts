import { Delays } from '../delay.js'
import { callIdOf, freshId, parseMessage, serializeMessage, tagOf } from './message.js'
import type { SipMessage, SipRequest, SipResponse } from './message.js'
import { ClientTransaction, type ClientUser } from './client-transaction.js'
import { Impairment } from './impairment.js'
import { MessageLog, type ExpectOptions } from './log.js'
import { acceptedKey, cancelledKey, clientKey, serverKey } from './matching.js'
import { ServerTransaction } from './server-transaction.js'
import { defaultTimers, type SipTimers } from './timers.js'
import { openTransport, type Flow, type OpenTransport, type Protocol, type Transport } from './transport.js'
import { parseUri, type Address } from './uri.js'
import { markReceived, responseAddress, topVia, withVia } from './via.js'

export interface SipPeerOptions {
  /** For logs and errors. */
  readonly name: string
  readonly protocol: Protocol
  /** Default 127.0.0.1 and any free port. */
  readonly host?: string | undefined
  readonly port?: number | undefined
  /** Not UDP: connect out to there instead of listening, and take requests on that connection. */
  readonly connectTo?: Address | undefined
  /** For transports other than UDP and TCP. */
  readonly openTransport?: OpenTransport | undefined
  readonly timers?: Partial<SipTimers> | undefined
  readonly sending?: Impairment | undefined
  readonly receiving?: Impairment | undefined
  /** One that outlives this peer, so that a phone keeps its log over its sockets. */
  readonly log?: MessageLog | undefined
  /** Default true; false forgets messages at once, for long load runs. */
  readonly keepsLog?: boolean | undefined
}

export type RequestHandler = (transaction: ServerTransaction) => void

/** A SIP endpoint on one socket: transactions, and requests handed to the dialog or the user they are for. */
export class SipPeer {
  readonly name: string
  readonly log: MessageLog
  readonly sending: Impairment
  readonly receiving: Impairment
  /** What went wrong beneath: refused connections, malformed messages. */
  readonly faults: Error[] = []
  readonly timers: SipTimers

  readonly #clients = new Map<string, ClientTransaction>()
  readonly #servers = new Map<string, ServerTransaction>()
  /** INVITEs answered by 2xx: their ACK is a transaction of its own (RFC 3261 §13.2.2.4). */
  readonly #accepted = new Map<string, ServerTransaction>()
  readonly #dialogs = new Map<string, RequestHandler>()
  readonly #users = new Map<string, RequestHandler>()
  readonly #delayed = new Delays()
  #closed = false

  /** Set by `open`, before anybody has the peer. */
  #transport!: Transport

  private constructor(options: SipPeerOptions) {
    this.name = options.name
    this.log = options.log ?? new MessageLog(options.name, options.keepsLog)
    this.sending = options.sending ?? new Impairment()
    this.receiving = options.receiving ?? new Impairment()
    this.timers = { ...defaultTimers, ...options.timers }
  }

  /** Rejects where the port is taken or the connection is refused. */
  static async open(options: SipPeerOptions): Promise<SipPeer> {
    const peer = new SipPeer(options)
    peer.#transport = await (options.openTransport ?? openTransport)({
      protocol: options.protocol,
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      connectTo: options.connectTo,
      onBytes: (bytes, flow) => peer.#receiveBytes(bytes, flow),
      onFault: (error) => peer.faults.push(error),
    })
    return peer
  }

  get protocol(): Protocol {
    return this.#transport.protocol
  }

  get local(): Address {
    return this.#transport.local
  }

  get closed(): boolean {
    return this.#closed
  }

  /** What is still alive here; all zero after `close`. */
  stats(): {
    readonly transactions: number
    readonly dialogs: number
    readonly delayed: number
    pongs: number
  } {
    return {
      transactions: this.#clients.size + this.#servers.size,
      dialogs: this.#dialogs.size,
      delayed: this.#delayed.size,
      pongs: this.#transport.pongs(),
    }
  }

  /** Adds a Via and runs the client transaction. */
  request(request: SipRequest, to: Address, user: ClientUser): ClientTransaction {
    return this.#run(withVia(request, this.protocol, this.local), to, user)
  }

  /** As `request`, for a CANCEL: its Via is that of the INVITE. */
  cancel(cancel: SipRequest, to: Address, user: ClientUser): ClientTransaction {
    return this.#run(cancel, to, user)
  }

  /** Outside of any transaction: the ACK of a 2xx, or what no transaction would send. Returns what went out. */
  sendStateless(request: SipRequest, to: Address): SipRequest {
    const sent = topVia(request) === undefined ? withVia(request, this.protocol, this.local) : request
    this.send(sent, this.#transport.flowTo(to))
    return sent
  }

  /** RFC 5626 §3.5.1: a double CRLF. Over UDP the server may stay silent. */
  keepAlive(to: Address): void {
    this.#transport.flowTo(to).send(Buffer.from('\r\n\r\n'))
  }

  /** Requests with this Call-ID and To tag go to the handler; the returned function ends that. */
  onDialog(callId: string, localTag: string, handler: RequestHandler): () => void {
    const key = `${callId}|${localTag}`
    this.#dialogs.set(key, handler)
    return () => this.#dialogs.delete(key)
  }

  /** Requests outside of dialogs to this user part; '*' is for any other. */
  onUser(user: string, handler: RequestHandler): () => void {
    this.#users.set(user, handler)
    return () => this.#users.delete(user)
  }

  expect<T extends SipMessage = SipMessage>(
    matches: ((message: SipMessage) => message is T) | ((message: SipMessage) => boolean),
    options?: ExpectOptions,
  ): Promise<T> {
    return this.log.expect<T>(matches, options)
  }

  /** Through the impairment onto the wire, and into the log. */
  send(message: SipMessage, flow: Flow): void {
    if (this.#closed) return
    const copies = this.sending.copies(message)
    const fate = copies.length === 0 ? 'lost' : 'passed'
    this.log.record({ direction: 'sent', fate, message, remote: flow.remote, protocol: this.protocol })
    const bytes = serializeMessage(message)
    for (const delay of copies) this.#delayed.after(delay, () => flow.send(bytes))
  }

  /**
   * The socket goes, and with it every transaction and timer; nobody outside is told, as when a phone is
   * suspended. Requests that wait for their final response time out at once.
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const transaction of [...this.#clients.values()]) transaction.abandon()
    for (const transaction of [...this.#servers.values()]) transaction.stop()
    this.#delayed.clear()
    for (const table of [this.#clients, this.#servers, this.#accepted, this.#dialogs, this.#users])
      table.clear()
    await this.#transport.close()
  }

  #run(request: SipRequest, to: Address, user: ClientUser): ClientTransaction {
    const flow = this.#transport.flowTo(to)
    const key = clientKey(request)
    const transaction = new ClientTransaction(request, {
      ...user,
      reliable: this.protocol !== 'udp',
      timers: this.timers,
      send: (message) => this.send(message, flow),
      onTerminated: () => this.#clients.delete(key),
    })
    this.#clients.set(key, transaction)
    transaction.start()
    return transaction
  }

  #receiveBytes(bytes: Buffer, flow: Flow): void {
    if (this.#closed || /^[\r\n\0]*$/.test(bytes.toString('latin1', 0, 8))) return
    this.#guarded(() => {
      const message = parseMessage(bytes)
      const copies = this.receiving.copies(message)
      if (copies.length === 0) this.#record(message, flow, 'lost')
      for (const delay of copies)
        this.#delayed.after(delay, () => this.#guarded(() => this.#receive(message, flow)))
    })
  }

  #record(message: SipMessage, flow: Flow, fate: 'passed' | 'lost'): void {
    this.log.record({ direction: 'received', fate, message, remote: flow.remote, protocol: this.protocol })
  }

  /** What a message does wrong is noted; it never goes up into the socket. */
  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.faults.push(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #receive(message: SipMessage, flow: Flow): void {
    // Who waits for it in the log goes on in a later turn: by then the message is handled.
    this.#record(message, flow, 'passed')
    if (message.kind === 'response') this.#clients.get(clientKey(message))?.receive(message)
    else if (message.method === 'ACK') this.#receiveAck(message)
    else this.#receiveRequest(markReceived(message, flow.remote), flow)
  }

  #receiveAck(ack: SipRequest): void {
    const transaction = this.#servers.get(serverKey(ack)) ?? this.#accepted.get(acceptedKey(ack))
    transaction?.receiveAck(ack)
  }

  #receiveRequest(request: SipRequest, flow: Flow): void {
    const known = this.#servers.get(serverKey(request))
    if (known !== undefined) return known.receiveAgain()
    const transaction = this.#serve(request, flow)
    if (request.method === 'CANCEL') return this.#receiveCancel(transaction)
    const toTag = tagOf(request, 'To')
    const user = parseUri(request.uri)?.user ?? ''
    const handler =
      toTag === undefined
        ? (this.#users.get(user) ?? this.#users.get('*'))
        : this.#dialogs.get(`${callIdOf(request)}|${toTag}`)
    if (handler !== undefined) handler(transaction)
    else if (toTag !== undefined) transaction.respond(481)
    else this.#forget(transaction)
  }

  /** A suspended app behind a shared socket: silence, as if the socket were gone. */
  #forget(transaction: ServerTransaction): void {
    transaction.stop()
  }

  #receiveCancel(transaction: ServerTransaction): void {
    const invite = this.#servers.get(cancelledKey(transaction.request))
    if (invite === undefined) return void transaction.respond(481)
    transaction.respond(200, { toTag: freshId() })
    if (invite.pending) invite.onCancel(transaction.request)
  }

  #serve(request: SipRequest, flow: Flow): ServerTransaction {
    const key = serverKey(request)
    const acceptedAs = acceptedKey(request)
    const back =
      this.protocol === 'udp' ? this.#transport.flowTo(responseAddress(request, flow.remote)) : flow
    const transaction: ServerTransaction = new ServerTransaction(request, {
      reliable: this.protocol !== 'udp',
      timers: this.timers,
      flow,
      send: (response: SipResponse) => this.send(response, back),
      onAccepted: () => this.#accepted.set(acceptedAs, transaction),
      onTerminated: () => {
        this.#servers.delete(key)
        if (this.#accepted.get(acceptedAs) === transaction) this.#accepted.delete(acceptedAs)
      },
    })
    this.#servers.set(key, transaction)
    return transaction
  }
}
