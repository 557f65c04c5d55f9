import { announce } from './announce.js'
import { authenticate, type Authenticator } from './auth/authenticator.js'
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
import { inSeconds } from './expiry.js'
import { withDefaults, type RegistrarLimits } from './limits.js'
import { refuse, type Refusal } from './refusal.js'
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
  /** Hosts, in lower case, that an address-of-record may have; every host is ours where there is none. */
  readonly domains?: () => ReadonlySet<string>
  /** Digest challenges, the preferred one first. Default SHA-256, MD5. */
  readonly algorithms?: readonly DigestAlgorithm[]
  /** Signs the digest nonces; nodes that have the same one take each other's. Default: random. */
  readonly nonceSecret?: Uint8Array
  /** Other schemes, tried and offered before Digest. */
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

/** REGISTERs of one user that may wait for each other; a phone sends one at a time. */
const MOST_WAITING = 16
/** How often a REGISTER is decided anew because another node was faster. */
const MOST_ATTEMPTS = 4

export function createRegistrar(options: RegistrarOptions): Registrar {
  const { store, bus, clock, log, realm } = options
  const bounds = withDefaults(options.limits)
  const digest = createDigest({
    ...{ realm, clock, users: options.users, nonceLifetime: bounds.nonceLifetime },
    ...(options.algorithms ? { algorithms: options.algorithms } : {}),
    ...(options.nonceSecret ? { nonceSecret: options.nonceSecret } : {}),
  })
  const authenticators = [...(options.authenticators ?? []), digest]
  const queue = new SerialQueue()
  const underWay = new Set<Promise<void>>()
  let closed = false

  async function process(transaction: SipTransaction): Promise<Acceptance | Refusal> {
    if (closed) return tryLater('shutting down')
    const unknown = unsupportedTags(transaction)
    if (unknown.length > 0) {
      return refuse(420, 'Bad Extension', { headers: [['Unsupported', unknown.join(', ')]] })
    }
    const sender = await identify(transaction)
    if (typeof sender !== 'string') return sender
    const request = readRegister(transaction)
    if ('malformed' in request) return refuse(400, request.malformed)
    return authorize(request, sender) ?? (await update(request, sender))
  }

  /** The user who sent it, or the answer where that is not proven. */
  async function identify(transaction: SipTransaction): Promise<string | Refusal> {
    const verdict = await authenticate(authenticators, transaction)
    switch (verdict.kind) {
      case 'granted':
        return verdict.user
      case 'denied': {
        const challenges = authenticators.flatMap((one) => one.challenges(verdict.stale, transaction))
        const headers = challenges.map((value) => ['WWW-Authenticate', value] as const)
        return refuse(401, 'Unauthorized', { headers, why: verdict.why, routine: verdict.routine })
      }
      case 'malformed':
        return refuse(400, verdict.why)
      case 'throttled':
        // The wrong guesses before it were logged; a flood is not to flood the log.
        return { ...tryLater('too many wrong passwords', verdict.retryAfterMs), routine: true }
      default:
        return verdict satisfies never
    }
  }

  /** RFC 3261 §10.3 steps 4 and 5. Another's address is refused alike whether it exists or not. */
  function authorize(request: RegisterRequest, sender: string): Refusal | undefined {
    if (request.user !== sender) return refuse(403, 'Forbidden', { why: 'address-of-record of another user' })
    const domains = options.domains?.()
    return !domains || domains.has(request.domain)
      ? undefined
      : refuse(404, 'Not Found', { why: 'unknown domain' })
  }

  async function update(request: RegisterRequest, user: string): Promise<Acceptance | Refusal> {
    if (queue.depth(userKey(user)) >= MOST_WAITING) return tryLater('too many requests of this user')
    const pushProviders = options.pushProviders()
    const targets = pushTargets(request, pushProviders)
    return queue.run(lockKeys(user, targets), () => settle(request, user, targets, pushProviders))
  }

  /** Another node may write between the look and the write: then both are done again. */
  async function settle(
    request: RegisterRequest,
    user: string,
    targets: readonly PushTarget[],
    pushProviders: ReadonlySet<string>,
  ): Promise<Acceptance | Refusal> {
    let failed: Acceptance | undefined
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const now = clock.now()
      const state = await loadState(store, user, targets, now)
      const decision = decide(request, state, { user, now, bounds, pushProviders, ids: options.ids })
      if (decision.kind === 'refused') return decision
      const accepted = withHalfDone(decision, failed)
      try {
        await writeAcceptance(store, accepted, now)
        return accepted
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw error
        failed = accepted
      }
    }
    return tryLater('other nodes keep changing the same device')
  }

  function tryLater(why: string, ms = bounds.retryAfter): Refusal {
    return refuse(503, 'Service Unavailable', { headers: [['Retry-After', String(inSeconds(ms))]], why })
  }

  async function handle(transaction: SipTransaction): Promise<void> {
    const about = { callId: transaction.callId, to: transaction.header('To'), source: transaction.source }
    const decision = await process(transaction).catch((error: unknown) => {
      log.error({ ...about, err: error }, 'REGISTER failed')
      return error instanceof StoreUnavailable
        ? tryLater('the store is away')
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
    log[routine ? 'debug' : 'warn']({ ...about, status: response.status, why }, 'REGISTER refused')
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
