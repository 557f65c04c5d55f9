import { respondTo } from '../message/build.js'
import type { SipRequest, SipResponse } from '../message/message.js'
import { serialize } from '../message/serialize.js'
import { newBranch, newTag } from '../ids.js'
import { hostPort } from '../message/uri.js'
import type { Settings } from '../options.js'
import type { Counters } from '../stats.js'
import type { TimerSet } from '../timer-set.js'
import { advertisedAddress } from '../transport/local-address.js'
import type { Flow } from '../transport/transport.js'
import { NOBODY, type ClientHost, type ClientTransaction, type ClientUser } from './client-transaction.js'
import { InviteClientTransaction } from './invite-client.js'
import { InviteServerTransaction } from './invite-server.js'
import { mergeKey, responseKey, serverKey } from './keys.js'
import { NonInviteClientTransaction } from './non-invite-client.js'
import { NonInviteServerTransaction } from './non-invite-server.js'
import type { ServerHost, ServerTransaction } from './server-transaction.js'

/** What the transaction layer hands up. */
export interface TransactionUser {
  /** A new request; never an ACK or a CANCEL. */
  request(transaction: ServerTransaction): void
  /** An ACK to a 2xx, or a stray one. */
  ack(ack: SipRequest, flow: Flow): void
  /** A CANCEL, and the INVITE it is about where that is known. */
  cancel(cancel: ServerTransaction, invite: ServerTransaction | undefined): void
  /** A response that no transaction waits for. */
  stray(response: SipResponse, flow: Flow): void
}

export interface LayerDeps {
  readonly timers: TimerSet
  readonly settings: Settings
  readonly counters: Counters
}

/** Matches messages to transactions (RFC 3261 §17), each by one look into a table. */
export class TransactionLayer {
  private readonly clients = new Map<string, ClientTransaction>()
  private readonly servers = new Map<string, ServerTransaction>()
  /** What an INVITE forked to here on two ways is known by while the first copy is being served. */
  private readonly merging = new Set<string>()
  private readonly clientHost: ClientHost
  private readonly serverHost: ServerHost

  constructor(
    private readonly deps: LayerDeps,
    private readonly user: TransactionUser,
  ) {
    const shared = { timers: deps.timers, settings: deps.settings.timers, counters: deps.counters }
    this.serverHost = {
      ...shared,
      ended: ({ key, merge }) => {
        this.servers.delete(key)
        if (merge !== undefined) this.merging.delete(merge)
      },
    }
    this.clientHost = {
      ...shared,
      ended: (key) => this.clients.delete(key),
      sendCancel: (cancel, flow) => this.open(cancel, flow, NOBODY).start(),
    }
  }

  get clientCount(): number {
    return this.clients.size
  }

  get serverCount(): number {
    return this.servers.size
  }

  receiveResponse(response: SipResponse, flow: Flow): void {
    const key = responseKey(response)
    const transaction = key === undefined ? undefined : this.clients.get(key)
    if (transaction) transaction.receive(response, flow)
    else this.user.stray(response, flow)
  }

  receiveRequest(request: SipRequest, flow: Flow): void {
    if (request.method === 'ACK') return this.receiveAck(request, flow)
    const key = serverKey(request, request.method)
    const known = this.servers.get(key)
    if (known) return known.receive(request)
    // A CANCEL is served even then: it takes load away.
    if (request.method === 'CANCEL') return this.receiveCancel(key, request, flow)
    if (this.servers.size >= this.deps.settings.limits.transactions) return this.refuse(request, flow, 503)
    const merge = mergeKey(request)
    if (merge !== undefined && this.merging.has(merge)) return this.refuse(request, flow, 482)
    this.user.request(this.serve(key, request, flow, merge))
  }

  /**
   * Sends a request in a new transaction, under a new top Via.
   * Answers before anything was written; call `start` on the transaction to write.
   */
  prepare(request: SipRequest, flow: Flow, user: ClientUser): ClientTransaction {
    this.addVia(request, flow)
    return this.open(request, flow, user)
  }

  prepareInvite(request: SipRequest, flow: Flow, user: ClientUser): InviteClientTransaction {
    this.addVia(request, flow)
    const transaction = new InviteClientTransaction(request, flow, user, this.clientHost)
    this.clients.set(transaction.key, transaction)
    return transaction
  }

  /** Writes a message that has no transaction: the ACK to a 2xx, a forwarded message. */
  sendAlone(message: SipRequest | SipResponse, flow: Flow): void {
    this.deps.counters.messagesOut++
    flow.send(serialize(message))
  }

  /** Puts this server on top of the Via list, with a branch of its own (§18.1.1, RFC 3581 §3). */
  addVia(request: SipRequest, flow: Flow): void {
    const { host, port } = advertisedAddress(flow.point, flow.remote.address)
    const transport = flow.point.protocol.toUpperCase()
    request.headers.prepend('Via', `SIP/2.0/${transport} ${hostPort(host, port)};branch=${newBranch()};rport`)
  }

  /** Answers without keeping anything: for what is malformed, merged, or too much. */
  refuse(request: SipRequest, flow: Flow, status: number, reason?: string): void {
    if (request.method === 'ACK') return
    if (status === 503) this.deps.counters.refused++
    const headers = status === 503 ? ([['Retry-After', '10']] as const) : []
    this.sendAlone(
      respondTo(request, status, { tag: newTag(), headers, ...(reason !== undefined && { reason }) }),
      flow,
    )
  }

  private receiveAck(ack: SipRequest, flow: Flow): void {
    const invite = this.servers.get(serverKey(ack, 'INVITE'))
    // An ACK on the branch of an accepted INVITE comes from an RFC 2543 peer: it is the dialog's.
    if (invite instanceof InviteServerTransaction && invite.state !== 'accepted') invite.receive(ack)
    else this.user.ack(ack, flow)
  }

  private receiveCancel(key: string, cancel: SipRequest, flow: Flow): void {
    const invite = this.servers.get(serverKey(cancel, 'INVITE'))
    this.user.cancel(this.serve(key, cancel, flow), invite)
  }

  private serve(key: string, request: SipRequest, flow: Flow, merge?: string): ServerTransaction {
    const transaction =
      request.method === 'INVITE'
        ? new InviteServerTransaction(request, flow, this.serverHost, key, merge)
        : new NonInviteServerTransaction(request, flow, this.serverHost, key, merge)
    this.servers.set(key, transaction)
    if (merge !== undefined) this.merging.add(merge)
    return transaction
  }

  private open(request: SipRequest, flow: Flow, user: ClientUser): ClientTransaction {
    const transaction = new NonInviteClientTransaction(request, flow, user, this.clientHost)
    this.clients.set(transaction.key, transaction)
    return transaction
  }
}
