import type { Presence, PresenceControl, PresenceReader } from '../../ports/presence.js'
import type { PresenceGrant } from '../tokens/claims.js'
import type { ClientRequest } from './client-message.js'
import type { ChannelIdentity } from './identity.js'
import { problem } from './problems.js'
import type { Outcome } from './requests.js'
import type { ChannelSocket } from './socket.js'
import { presenceJson } from './views.js'

/** Users that one channel may read. */
const MOST_READ = 1_000

export type PresenceRequest = Extract<ClientRequest, { readonly type: `presence-${string}` }>

export function isPresenceRequest(request: ClientRequest): request is PresenceRequest {
  return request.type.startsWith('presence-')
}

export interface PresenceFlowOptions {
  readonly presence: PresenceControl
  readonly socket: ChannelSocket
  /** Bytes that may wait in the socket before the next message waits for them. */
  readonly buffered: number
}

/**
 * What one channel says and reads of presence. A reader that is slow misses steps in between, and never the last state
 * of a user: what waits is one message a user.
 */
export class PresenceFlow {
  readonly #reader: PresenceReader
  readonly #users = new Set<string>()
  readonly #waiting = new Map<string, Presence>()
  #draining = false
  #closed = false

  constructor(private readonly options: PresenceFlowOptions) {
    this.#reader = options.presence.reader((presence) => this.#tell(presence))
  }

  /** Rejects with StoreUnavailable. */
  async perform({ user, grants }: ChannelIdentity, request: PresenceRequest): Promise<Outcome> {
    const { presence } = this.options
    switch (request.type) {
      case 'presence-set': {
        if (grants.presence?.set !== true)
          return missing('presence', 'The token does not grant presence.set.')
        const { state, note = null, expires } = request
        const expiresIn = expires === undefined ? null : expires * 1000
        return { ok: true, version: await presence.set(user, { state, note, expiresIn }) }
      }
      case 'presence-subscribe': {
        const foreign = request.users.find((name) => !mayRead(grants.presence, user, name))
        if (foreign !== undefined) return missing('presence', `The token does not grant to read ${foreign}.`)
        if (this.#users.size + request.users.length > MOST_READ) {
          return problem('too-many-requests', `A channel reads ${String(MOST_READ)} users at most.`)
        }
        for (const name of request.users) this.#users.add(name)
        await this.#reader.watch(request.users)
        return { ok: true }
      }
      case 'presence-unsubscribe':
        this.#unwatch(request.users)
        return { ok: true }
      default:
        return request satisfies never
    }
  }

  /** The client has shown another token: what that one does not grant is not read any longer. */
  recheck({ user, grants }: ChannelIdentity): void {
    this.#unwatch([...this.#users].filter((name) => !mayRead(grants.presence, user, name)))
  }

  close(): void {
    this.#closed = true
    this.#reader.close()
    this.#waiting.clear()
  }

  #unwatch(users: readonly string[]): void {
    this.#reader.unwatch(users)
    for (const name of users) {
      this.#users.delete(name)
      this.#waiting.delete(name)
    }
  }

  #tell(presence: Presence): void {
    this.#waiting.set(presence.user, presence)
    if (!this.#draining) void this.#drain()
  }

  async #drain(): Promise<void> {
    const { socket, buffered } = this.options
    this.#draining = true
    for (const [user, presence] of this.#waiting) {
      this.#waiting.delete(user)
      const written = socket.send(textOf(presence))
      // A connection that is gone says so itself.
      const over = written.catch(() => undefined)
      if (socket.buffered > buffered) await over
      if (this.#closed) return
    }
    this.#draining = false
  }
}

/** A client with either grant may read what it says itself. */
export function mayRead(grant: PresenceGrant | undefined, own: string, user: string): boolean {
  if (grant === undefined) return false
  return user === own || (grant.read ?? []).some((name) => name === '*' || name === user)
}

function missing(grant: string, detail: string): Outcome {
  return problem('grant-missing', `${grant}: ${detail}`)
}

/** Readers of one user are told the same. */
const TEXTS = new WeakMap<Presence, string>()

function textOf(presence: Presence): string {
  const known = TEXTS.get(presence)
  if (known !== undefined) return known
  const text = JSON.stringify({ type: 'presence', ...presenceJson(presence) })
  TEXTS.set(presence, text)
  return text
}
