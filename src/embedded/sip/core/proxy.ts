import type { App, AppMessage, ProxyListener, ProxySpec } from '../control/app.js'
import { newTag } from '../ids.js'
import { respondTo } from '../message/build.js'
import type { Headers } from '../message/headers.js'
import {
  callIdOf,
  replaceTopVia,
  request as makeRequest,
  response as makeResponse,
  type SipRequest,
  type SipResponse,
} from '../message/message.js'
import { parseNameAddr } from '../message/name-addr.js'
import { parseUri } from '../message/uri.js'
import { parseNumber } from '../message/values.js'
import type { Timer } from '../timer-set.js'
import type { ClientFailure, ClientTransaction } from '../transaction/client-transaction.js'
import { InviteClientTransaction } from '../transaction/invite-client.js'
import type { ServerTransaction } from '../transaction/server-transaction.js'
import type { Flow } from '../transport/transport.js'
import { AppHeaders, IDENTITY } from './app-headers.js'
import { bestResponse } from './best-response.js'
import type { Context, InviteOwner } from './context.js'
import { IncomingInvite } from './incoming-invite.js'
import { IncomingRequest } from './incoming-request.js'
import { ownRoute } from './relay.js'
import { localResponse, withFlow } from './sending.js'

/** Proxies a request that an app was given, instead of the app answering it. */
export function startProxy(
  context: Context,
  app: App,
  spec: ProxySpec,
  message: AppMessage,
  listener: ProxyListener,
): void {
  const answerable = context.answerable.get(spec.transactionId)
  const mine = answerable?.app === app ? answerable : undefined
  const transaction =
    mine instanceof IncomingInvite || mine instanceof IncomingRequest ? mine.release() : undefined
  if (!transaction) return listener.refused(`Unknown transaction id: ${spec.transactionId}`)
  const hops = parseNumber(transaction.request.headers.get('max-forwards') ?? '70', 255)
  if (hops === 0) {
    transaction.respond(respondTo(transaction.request, 483, { tag: newTag() }))
    return listener.refused('Rejected with 483 Too Many Hops due to Max-Forwards value of 0')
  }
  new ProxiedRequest(context, spec, message, listener, transaction).start()
}

/** One target, and how far the request got there. */
interface Branch {
  readonly target: string
  state: 'waiting' | 'trying' | 'done'
  transaction?: ClientTransaction
  failure?: { readonly response: SipResponse; readonly flow: Flow }
  /** Runs until the target says anything, then until it says something final. */
  timer?: Timer
}

/**
 * A stateful proxy for one request (RFC 3261 §16): one branch a target, tried in turn or all at once. The first
 * 2xx wins and the other branches are cancelled; when all have failed, the best failure goes back.
 */
class ProxiedRequest implements InviteOwner {
  private readonly branches: Branch[]
  private searching = true

  constructor(
    private readonly context: Context,
    private readonly spec: ProxySpec,
    private readonly message: AppMessage,
    private readonly listener: ProxyListener,
    private readonly transaction: ServerTransaction,
  ) {
    this.branches = spec.targets.map((target) => ({ target, state: 'waiting' }))
    context.proxied.add(this)
    if (transaction.invite) context.inviteOwners.set(transaction, this)
  }

  start(): void {
    if (!this.launchNext()) {
      this.transaction.respond(respondTo(this.transaction.request, 500, { tag: newTag() }))
      this.listener.refused('error proxying request: no target can be reached')
      return this.over()
    }
    if (!this.spec.fullResponse) this.listener.done()
  }

  /** The caller gave up: so do all branches, and their 487 goes back as the best response. */
  cancelled(cancel: ServerTransaction): void {
    cancel.respond(respondTo(cancel.request, 200, { tag: newTag() }))
    this.cancelBranches()
    this.settle()
  }

  /** Starts the next target, or all of them. False where there was none to start. */
  private launchNext(): boolean {
    let launched = false
    for (const branch of this.branches) {
      if (!this.searching || branch.state !== 'waiting') continue
      const flow = this.context.transports.flowTo(branch.target)
      branch.state = flow ? 'trying' : 'done'
      if (!flow) continue
      launched = true
      withFlow(this.context, flow, (out) => this.launch(branch, out))
      if (!this.spec.simultaneous) break
    }
    return launched
  }

  private launch(branch: Branch, flow: Flow): void {
    // Cancelled while the name was looked up.
    if (branch.state !== 'trying') return
    const request = this.copyFor(branch.target, flow)
    const user = {
      response: (response: SipResponse, from: Flow) => this.received(branch, response, from),
      failed: (failure: ClientFailure) => this.received(branch, localResponse(request, failure), flow),
    }
    const { layer, timers, cdr } = this.context
    branch.transaction = this.transaction.invite
      ? layer.prepareInvite(request, flow, user)
      : layer.prepare(request, flow, user)
    const { provisionalTimeout, finalTimeout } = this.spec
    const patience = provisionalTimeout ?? finalTimeout
    if (patience !== undefined) branch.timer = timers.start(patience, () => this.tooSlow(branch))
    if (this.transaction.invite) cdr.attempt('application', request)
    branch.transaction.start()
  }

  private copyFor(target: string, flow: Flow): SipRequest {
    const { request } = this.transaction
    const headers = request.headers.clone()
    const hops = parseNumber(headers.get('max-forwards') ?? '', 255)
    headers.set('Max-Forwards', String(hops === undefined ? 70 : hops - 1))
    // Some clients preload a Route to their outbound proxy, which is here.
    headers.remove('route')
    if (this.spec.recordRoute) {
      if (request.method === 'REGISTER') this.addPath(headers, flow)
      else headers.prepend('Record-Route', `<${ownRoute(this.context, flow, callIdOf(request))}>`)
    }
    const given = new AppHeaders(this.message, flow)
    for (const [name, value] of given.except(IDENTITY)) headers.set(name, value)
    // The target is the next hop; it becomes the Request-URI only where that named this server.
    const uri = this.context.transports.isOwn(request.uri) ? target : request.uri
    return makeRequest(request.method, uri, headers, request.body)
  }

  /** Requests to the registered phone will come here first, and to the app (RFC 3327). */
  private addPath(headers: Headers, flow: Flow): void {
    const uri = parseNameAddr(this.context.transports.contact(flow))?.uri ?? ''
    headers.prepend('Path', `<${uri};lr>`).add('Require', 'path')
  }

  private received(branch: Branch, response: SipResponse, flow: Flow): void {
    const { status } = response
    if (status < 200) return this.progress(branch, response)
    const first = branch.state !== 'done'
    branch.timer?.stop()
    branch.state = 'done'
    if (first && this.spec.fullResponse) this.listener.response(response, flow)
    // Each 2xx goes back, those of late forks and repeated ones as well (§16.7 step 5).
    if (status < 300) return this.succeeded(response, first)
    branch.failure = { response, flow }
    if (status < 400 && this.spec.followRedirects) this.redirect(branch, response)
    // §16.7 step 5: a 6xx speaks for all branches; a challenge must be answered before anything else helps.
    if (status >= 600) this.cancelBranches()
    else if (status !== 401 && status !== 407) this.launchNext()
    else this.searching = false
    this.settle()
  }

  private progress(branch: Branch, response: SipResponse): void {
    if (branch.state === 'trying') {
      branch.timer?.stop()
      const { finalTimeout } = this.spec
      if (finalTimeout !== undefined) {
        branch.timer = this.context.timers.start(finalTimeout, () => this.tooSlow(branch))
      }
    }
    if (response.status > 100) this.sendBack(response)
  }

  private succeeded(response: SipResponse, first: boolean): void {
    this.sendBack(response)
    if (!first) return
    this.context.cdr.start('application', 'proxy-uas', response)
    this.cancelBranches()
    if (this.spec.fullResponse) this.listener.done()
    this.over()
  }

  /** Nothing in time: this target is given up, and the next one tried. */
  private tooSlow(branch: Branch): void {
    if (branch.state !== 'trying') return
    this.giveUp(branch)
    if (branch.transaction) {
      const response = localResponse(branch.transaction.request, 'timeout')
      branch.failure = { response, flow: branch.transaction.flow }
    }
    this.launchNext()
    this.settle()
  }

  private redirect(branch: Branch, response: SipResponse): void {
    const targets = response.headers
      .list('contact')
      .flatMap((contact) => parseNameAddr(contact)?.uri ?? [])
      .filter((uri) => parseUri(uri) && !this.branches.some(({ target }) => target === uri))
    const at = this.branches.indexOf(branch) + 1
    this.branches.splice(at, 0, ...targets.map((target): Branch => ({ target, state: 'waiting' })))
  }

  private cancelBranches(): void {
    this.searching = false
    for (const branch of this.branches) {
      if (branch.state === 'waiting') branch.state = 'done'
      else if (branch.state === 'trying' && !branch.transaction) branch.state = 'done'
      else if (branch.state === 'trying' && branch.transaction instanceof InviteClientTransaction) {
        branch.transaction.cancel()
      }
    }
  }

  private giveUp(branch: Branch): void {
    branch.state = 'done'
    if (branch.transaction instanceof InviteClientTransaction) branch.transaction.cancel()
  }

  /** When no branch is left that could still answer, the best failure goes back. */
  private settle(): void {
    if (!this.transaction.open || this.branches.some(({ state }) => state === 'trying')) return
    if (this.searching && this.branches.some(({ state }) => state === 'waiting')) return
    const best = bestResponse(this.branches.flatMap(({ failure }) => failure ?? []))
    if (best) this.sendBack(best.response)
    else this.transaction.respond(respondTo(this.transaction.request, 408, { tag: newTag() }))
    if (this.spec.fullResponse) this.listener.done()
    this.over()
  }

  /** The response without this server's Via. A locally made one has no Via below, and gets the request's. */
  private sendBack(response: SipResponse): void {
    const copy = makeResponse(response.status, response.reason, response.headers.clone(), response.body)
    replaceTopVia(copy, undefined)
    this.transaction.respond(copy)
  }

  private over(): void {
    this.searching = false
    this.context.proxied.delete(this)
    this.context.inviteOwners.delete(this.transaction)
    this.transaction.settled()
    for (const branch of this.branches) branch.timer?.stop()
  }
}
