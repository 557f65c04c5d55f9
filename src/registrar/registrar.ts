import { announce } from './announce.js'
import type { Authenticator, Granted } from './auth/authenticator.js'
import { createDigest, type DigestAlgorithm } from './auth/digest.js'
import {
  loadState,
  lockKeys,
  pushTargets,
  userKey,
  withHalfDone,
  writeAcceptance,
  type RegistrarStore,
} from './commit.js'
import { decide, type Acceptance } from './decision.js'
import { createGate } from './gate.js'
import { withDefaults, type RegistrarLimits } from './limits.js'
import { refuse, tryLater, type Refusal } from './refusal.js'
import { readRegister, unsupportedTags, type RegisterRequest } from './request.js'
import { SerialQueue } from './serial-queue.js'
import { StoreConflict, StoreUnavailable } from '../ports/store.js'
import type { UserLookup } from './user.js'
import type { Bus } from '../ports/bus.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { PushTarget } from '../ports/push.js'
import type { Final, SipTransaction } from '../ports/signaling.js'

export interface RegistrarOptions {
  readonly store: RegistrarStore
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
  /** Asked at each request, so that a reloaded configuration takes effect. */
  readonly users: () => UserLookup
  readonly realm: string
  readonly limits: RegistrarLimits
  /** Names of the configured push services; asked at each request. */
  readonly pushProviders: () => ReadonlySet<string>
  /** Makes an id for a new binding or device. */
  readonly ids: () => string
  /** Of a gateway, by its name; no gateway is in a region without it. */
  readonly regionOf?: (gateway: string) => string | undefined
  /** Hosts, in lower case, that an address-of-record may have; every host is ours where there is none. */
  readonly domains?: () => ReadonlySet<string>
  /** Digest challenges, the preferred one first. Default SHA-256, MD5. */
  readonly algorithms?: readonly DigestAlgorithm[]
  /** Signs the digest nonces; nodes that have the same one take each other's. Default: random. */
  readonly nonceSecret?: Uint8Array
  /** Where others ask for passwords too: the guesses and nonces of all are counted as one. Default: one of its own. */
  readonly digest?: Authenticator
  /** Other schemes, tried before Digest and offered after it. */
  readonly authenticators?: readonly Authenticator[]
}

export interface Registrar {
  /** Answers a REGISTER. Never rejects. */
  register(transaction: SipTransaction): Promise<void>
  /** Deletes expired bindings; returns how many. Devices stay. Rejects with StoreUnavailable. */
  forgetExpired(): Promise<number>
  /** Refuses what comes from now on (503); resolves when all that came before is answered. */
  close(): Promise<void>
}

/** Spends what proves the sender; the answer where that is not to be had any more. Rejects with StoreUnavailable. */
type Redeem = () => Promise<Refusal | undefined>

/** A REGISTER whose turn it is. */
interface Work {
  readonly request: RegisterRequest
  readonly sender: Granted
  readonly redeem: Redeem
  readonly targets: readonly PushTarget[]
  readonly pushProviders: ReadonlySet<string>
}

/** REGISTERs of one user that may wait for each other; a phone sends one at a time. */
const MOST_WAITING = 16
/** How often a REGISTER is decided anew because another node was faster. */
const MOST_ATTEMPTS = 4

export function createRegistrar(options: RegistrarOptions): Registrar {
  const { store, bus, clock, log, realm } = options
  const bounds = withDefaults(options.limits)
  const digest =
    options.digest ??
    createDigest({
      ...{ realm, clock, users: options.users, nonceLifetime: bounds.nonceLifetime },
      ...(options.algorithms ? { algorithms: options.algorithms } : {}),
      ...(options.nonceSecret ? { nonceSecret: options.nonceSecret } : {}),
    })
  const gate = createGate([...(options.authenticators ?? []), digest])
  const queue = new SerialQueue()
  const underWay = new Set<Promise<void>>()
  let closed = false

  async function process(transaction: SipTransaction): Promise<Acceptance | Refusal> {
    if (closed) return tryLater('shutting down', bounds.retryAfter)
    const unknown = unsupportedTags(transaction)
    if (unknown.length > 0) {
      return refuse(420, 'Bad Extension', { headers: [['Unsupported', unknown.join(', ')]] })
    }
    const sender = await gate.identify(transaction)
    if (sender.kind === 'refused') return sender
    const request = readRegister(transaction)
    if ('malformed' in request) return refuse(400, request.malformed)
    const refusal = authorize(request, sender)
    if (refusal) return refusal
    return update(request, sender, async () => {
      const denial = await sender.redeem?.()
      return denial && gate.challenge(denial, transaction)
    })
  }

  /** RFC 3261 §10.3 steps 4 and 5. Another's address is refused alike whether it exists or not. */
  function authorize(request: RegisterRequest, { user }: Granted): Refusal | undefined {
    if (request.user !== user) return refuse(403, 'Forbidden', { why: 'address-of-record of another user' })
    const domains = options.domains?.()
    return !domains || domains.has(request.domain)
      ? undefined
      : refuse(404, 'Not Found', { why: 'unknown domain' })
  }

  async function update(
    request: RegisterRequest,
    sender: Granted,
    redeem: Redeem,
  ): Promise<Acceptance | Refusal> {
    const { user } = sender
    if (queue.depth(userKey(user)) >= MOST_WAITING) {
      return tryLater('too many requests of this user', bounds.retryAfter)
    }
    const pushProviders = options.pushProviders()
    const targets = pushTargets(request, pushProviders)
    return queue.run(lockKeys(user, targets), () =>
      settle({ request, sender, redeem, targets, pushProviders }),
    )
  }

  /** Another node may write between the look and the write: then both are done again. */
  async function settle({
    request,
    sender,
    redeem,
    targets,
    pushProviders,
  }: Work): Promise<Acceptance | Refusal> {
    const { user, deviceId } = sender
    let failed: Acceptance | undefined
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const now = clock.now()
      const state = await loadState(store, user, targets, now)
      const region = options.regionOf?.(request.gateway)
      const context = { user, deviceId, now, region, bounds, pushProviders, ids: options.ids }
      const decision = decide(request, state, context)
      if (decision.kind === 'refused') return decision
      const spent = await redeem()
      if (spent) return spent
      const accepted = withHalfDone(decision, failed)
      try {
        await writeAcceptance(store, accepted, now)
        return accepted
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw error
        failed = accepted
      }
    }
    return tryLater('other nodes keep changing the same device', bounds.retryAfter)
  }

  async function handle(transaction: SipTransaction): Promise<void> {
    const about = { callId: transaction.callId, to: transaction.header('To'), source: transaction.source }
    const decision = await process(transaction).catch((error: unknown) => {
      log.error({ ...about, err: error }, 'REGISTER failed')
      return error instanceof StoreUnavailable
        ? tryLater('the store is away', bounds.retryAfter)
        : refuse(500, 'Server Internal Error', { why: 'unexpected error' })
    })
    const answered = await answer(transaction, decision.response, about)
    if (decision.kind === 'accepted') await announce(decision, answered, { bus, log, about })
    else report(decision, about)
  }

  /** False where the answer did not leave: the sender will ask again. */
  async function answer(transaction: SipTransaction, response: Final, about: object): Promise<boolean> {
    try {
      await transaction.respond(response)
      return true
    } catch (error) {
      log.warn({ ...about, status: response.status, err: error }, 'REGISTER could not be answered')
      return false
    }
  }

  function report({ response, why, routine }: Refusal, about: object): void {
    log[routine ? 'debug' : 'warn']({ status: response.status, why, ...about }, 'REGISTER refused')
  }

  return {
    register(transaction) {
      const work: Promise<void> = handle(transaction).finally(() => underWay.delete(work))
      underWay.add(work)
      return work
    },
    forgetExpired: () => store.dropExpired(clock.now()),
    async close() {
      closed = true
      await Promise.all(underWay)
    },
  }
}
