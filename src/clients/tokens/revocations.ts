import type { Bus, BusMessage } from '../../ports/bus.js'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import type { Revocation, RevocationStore } from '../../ports/revocations.js'
import type { ClientClaims } from './claims.js'

/** What of a client token says whether it was revoked. */
export type Revocable = Pick<ClientClaims, 'client' | 'jti' | 'issuedAt'>

/** Client tokens that are good no more, as this node knows them: a look-up costs no request anything. */
export interface Revocations {
  readonly revoked: (token: Revocable) => boolean
  /** Written, and known here, when it resolves; other nodes are told. Rejects with StoreUnavailable. */
  revokeToken(id: string): Promise<void>
  /** Every token of the client that was issued until now. Rejects with StoreUnavailable. */
  revokeClient(client: string): Promise<void>
  /** For the messages of the bus. */
  heard(message: BusMessage): void
  /**
   * Reads what was revoked since it was last called; everything, the first time. To be called now and then: a node
   * that was cut off from the others for long has missed what they said. Rejects with StoreUnavailable.
   */
  catchUp(): Promise<void>
  /** Calls the listener whenever something was revoked; returns the function that ends this. */
  subscribe(listener: () => void): () => void
}

export interface RevocationsDeps {
  readonly store: RevocationStore
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

/** Knows of nothing before {@link Revocations.catchUp}. */
export function createRevocations({ store, bus, clock, log }: RevocationsDeps): Revocations {
  const tokens = new Set<string>()
  /** Until when the tokens of a client were issued that are good no more, microseconds since the epoch. */
  const clients = new Map<string, number>()
  const listeners = new Set<() => void>()
  let mark = 0

  /** True where it says something new. */
  function learn(revocation: Revocation): boolean {
    if (revocation.kind === 'token') {
      const known = tokens.size
      return tokens.add(revocation.id).size > known
    }
    const until = clients.get(revocation.client) ?? -1
    clients.set(revocation.client, Math.max(until, revocation.at))
    return revocation.at > until
  }

  function learnAll(revocations: readonly Revocation[]): void {
    const news = revocations.filter(learn)
    if (news.length > 0) for (const listener of [...listeners]) listener()
  }

  async function revoke(revocation: Revocation): Promise<void> {
    await store.revoke(revocation)
    log.info(revocation, 'client tokens revoked')
    learnAll([revocation])
    try {
      await bus.publish({ type: 'token-revoked', revocation })
    } catch (error) {
      log.warn({ ...revocation, err: error }, 'other nodes will hear later of a revocation')
    }
  }

  return {
    revoked: ({ client, jti, issuedAt }) => tokens.has(jti) || issuedAt <= (clients.get(client) ?? -1),
    revokeToken: (id) => revoke({ kind: 'token', id, at: clock.now() }),
    revokeClient: (client) => revoke({ kind: 'client', client, at: clock.now() }),
    heard(message) {
      if (message.type === 'token-revoked') learnAll([message.revocation])
    },
    async catchUp() {
      const found = await store.revocations(mark)
      mark = found.mark
      learnAll(found.revocations)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
