import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'

/** What is known of a user by the one who set it: the nth change of all, and the version that it got. */
interface Change {
  readonly n: number
  readonly version: number
}

export interface PresenceLoadOptions {
  /** Where the channels of a node are; clients take them in turn. */
  readonly nodes: readonly string[]
  readonly clients: number
  /** Users that each client reads. */
  readonly reads: number
  readonly perSecond: number
  readonly seconds: number
  /** A token of the user's client that sets its presence and reads everybody's. */
  readonly token: (user: string) => Promise<string>
}

export interface PresenceReport {
  readonly changes: number
  /** Messages that readers got of them; what was superseded before it was sent is none. */
  readonly heard: number
  /** From the request of a change to its result, and to each reader; in milliseconds. */
  readonly written: Percentiles
  readonly told: Percentiles
  /** What was wrong, one line each: a reader without the last state, or with an older one after a newer. */
  readonly faults: readonly string[]
}

interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly max: number
}

const STATES = ['available', 'away', 'busy', 'do-not-disturb'] as const
/** Channels that are opened at once. */
const AT_ONCE = 50
/** Bounds a failure only. */
const PATIENCE_MS = 60_000

/** Clients with a channel each, who set their presence and read that of others. */
export class PresenceLoad {
  readonly #clients: LoadClient[] = []
  readonly #sentAt: number[] = []
  readonly #told: number[] = []
  readonly #written: number[] = []
  readonly #last = new Map<string, Change>()

  private constructor(private readonly options: PresenceLoadOptions) {}

  /** Opens the channels, and has each client subscribe. Rejects where one cannot. */
  static async open(options: PresenceLoadOptions): Promise<PresenceLoad> {
    const load = new PresenceLoad(options)
    for (let from = 0; from < options.clients; from += AT_ONCE) {
      const upTo = Math.min(options.clients, from + AT_ONCE)
      const opening = Array.from({ length: upTo - from }, (_, n) => load.#open(from + n))
      load.#clients.push(...(await Promise.all(opening)))
    }
    return load
  }

  /** Changes presence for so long, and waits until each reader has the last of each that it reads. */
  async run(): Promise<PresenceReport> {
    const { perSecond, seconds, clients } = this.options
    const total = perSecond * seconds
    const began = performance.now()
    const results: Promise<void>[] = []
    for (let n = 0; n < total; n++) {
      const due = began + (n * 1000) / perSecond
      if (due > performance.now()) await sleep(due - performance.now())
      // 7919 is a prime: everybody's turn comes, and no neighbours' one after the other.
      results.push(this.#change(n, this.#clients[(n * 7919) % clients]))
    }
    await Promise.all(results)
    const until = performance.now() + PATIENCE_MS
    while (this.#behind().length > 0 && performance.now() < until) await sleep(50)
    return {
      changes: total,
      heard: this.#told.length,
      written: percentiles(this.#written),
      told: percentiles(this.#told),
      faults: [...this.#behind(), ...this.#clients.flatMap(({ faults }) => faults)],
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
  }

  async #open(n: number): Promise<LoadClient> {
    const { nodes, clients, reads, token } = this.options
    const user = nameOf(n)
    const node = nodes[n % nodes.length] ?? ''
    // Some on the same node, and some on the other.
    const users = Array.from({ length: reads }, (_, k) => nameOf((n + 1 + k * 37) % clients))
    return LoadClient.open(node, user, await token(user), users, (change) => {
      const sentAt = this.#sentAt[change]
      if (sentAt !== undefined) this.#told.push(performance.now() - sentAt)
    })
  }

  async #change(n: number, client: LoadClient | undefined): Promise<void> {
    if (client === undefined) throw new Error('there is no such client')
    const sentAt = performance.now()
    this.#sentAt[n] = sentAt
    const version = await client.set(STATES[n % STATES.length] ?? 'busy', n)
    this.#written.push(performance.now() - sentAt)
    const before = this.#last.get(client.user)
    if (before === undefined || before.n < n) this.#last.set(client.user, { n, version })
  }

  #behind(): string[] {
    return this.#clients.flatMap((client) =>
      client.reads.flatMap((user) => {
        const last = this.#last.get(user)
        const heard = client.heard.get(user)
        if (last === undefined || heard?.version === last.version) return []
        return [
          `${client.user} has ${user} at ${String(heard?.version)}, which is at ${String(last.version)}`,
        ]
      }),
    )
  }
}

function nameOf(n: number): string {
  return `user-${String(n)}`
}

interface Heard {
  readonly type: string
  readonly ref?: number
  readonly ok?: boolean
  readonly user?: string
  readonly note?: string
  readonly version?: number
}

class LoadClient {
  readonly heard = new Map<string, Change>()
  readonly faults: string[] = []
  readonly #results = new Map<number, (result: Heard) => void>()
  #welcomed: () => void = () => undefined
  #ref = 0

  private constructor(
    private readonly socket: WebSocket,
    readonly user: string,
    readonly reads: readonly string[],
    private readonly told: (n: number) => void,
  ) {
    socket.on('message', (data: Buffer) => this.#received(JSON.parse(data.toString('utf8')) as Heard))
    socket.on('error', (error) => this.faults.push(`${user}: ${error.message}`))
  }

  static async open(
    node: string,
    user: string,
    token: string,
    reads: readonly string[],
    told: (n: number) => void,
  ): Promise<LoadClient> {
    const socket = new WebSocket(`${node.replace('http', 'ws')}/v1/client`, { perMessageDeflate: false })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    const client = new LoadClient(socket, user, reads, told)
    const welcomed = new Promise<void>((resolve) => (client.#welcomed = resolve))
    socket.send(JSON.stringify({ type: 'hello', token }))
    await welcomed
    await client.#ask({ type: 'presence-subscribe', users: reads })
    return client
  }

  /** The version that it got. */
  async set(state: string, n: number): Promise<number> {
    const result = await this.#ask({ type: 'presence-set', state, note: String(n) })
    return result.version ?? 0
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return
    const closed = new Promise((resolve) => this.socket.once('close', resolve))
    this.socket.close()
    await closed
  }

  async #ask(request: object): Promise<Heard> {
    const ref = ++this.#ref
    const answered = new Promise<Heard>((resolve) => this.#results.set(ref, resolve))
    this.socket.send(JSON.stringify({ ...request, ref }))
    const result = await answered
    if (result.ok !== true) this.faults.push(`${this.user}: ${JSON.stringify(result)}`)
    return result
  }

  #received(message: Heard): void {
    switch (message.type) {
      case 'welcome':
        return this.#welcomed()
      case 'result':
        this.#results.get(message.ref ?? 0)?.(message)
        this.#results.delete(message.ref ?? 0)
        return
      case 'presence':
        return this.#presence(message)
      default:
    }
  }

  #presence({ user = '', note, version = 0 }: Heard): void {
    const before = this.heard.get(user)
    const n = note === undefined ? -1 : Number(note)
    if (before !== undefined && (version < before.version || n < before.n)) {
      this.faults.push(`${this.user} heard of ${user}: ${String(before.version)}, then ${String(version)}`)
    }
    if (version !== before?.version && n >= 0) this.told(n)
    this.heard.set(user, { n, version })
  }
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? NaN)
  return { p50: at(0.5), p95: at(0.95), max: at(1) }
}
