import { createTokens, type Tokens } from '../../src/clients/tokens/tokens.js'
import { createBearer } from '../../src/registrar/auth/bearer.js'
import { createRegistrar, type RegistrarOptions } from '../../src/registrar/registrar.js'
import { FakeClock } from '../support/fake-clock.js'
import { FakeStore } from '../support/fake-store.js'
import { sharedKeys } from '../tokens/keys.js'
import { answerChallenge, readChallenge } from './digest-client.js'
import type { Grants } from '../../src/clients/tokens/claims.js'
import type { BusMessage } from '../../src/ports/bus.js'
import type { Final, SipTransaction } from '../../src/ports/signaling.js'
import type { Binding, Flow } from '../../src/ports/store.js'

export interface RegisterSpec {
  /** User that registers; digest user as well, unless `as` says otherwise. */
  readonly user?: string
  readonly as?: string
  readonly password?: string
  readonly contact?: string | readonly string[]
  readonly expires?: string | number
  readonly callId?: string
  readonly cseq?: number
  readonly source?: Flow
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Authorization values instead of an answer to a challenge; empty for none. */
  readonly authorization?: readonly string[]
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export const REALM = 'example.com'
export const UDP: Flow = { protocol: 'udp', address: '198.51.100.7', port: 40001 }
export const TCP: Flow = { protocol: 'tcp', address: '198.51.100.7', port: 40002 }
const PASSWORDS: Readonly<Record<string, string>> = { alice: 'secret-a', bob: 'secret-b' }

/** What the registrar's response says. */
export class Answer {
  constructor(readonly final: Final) {}

  get status(): number {
    return this.final.status
  }

  headers(name: string): readonly string[] {
    const all = this.final.headers ?? []
    return all.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  }

  header(name: string): string | undefined {
    return this.headers(name)[0]
  }
}

/** A registrar on fake ports, and phones that register with it. */
export class Harness {
  readonly clock = new FakeClock()
  readonly store: FakeStore
  readonly log: LogLine[] = []
  /** What happened outside, in order: `respond 200`, `publish registered`. */
  readonly order: string[] = []
  readonly published: BusMessage[] = []
  readonly registrar
  pushProviders: ReadonlySet<string> = new Set(['apns', 'acme'])
  readonly passwords = new Map(Object.entries(PASSWORDS))
  /** Users that there are, some of them without a password. */
  readonly users = new Set([...Object.keys(PASSWORDS), 'carol'])
  /** Ids of client tokens that are good no more. */
  readonly revoked = new Set<string>()
  readonly tokens: Promise<Tokens> = sharedKeys().then((keys) =>
    createTokens({ keys, clock: this.clock, revoked: ({ jti }) => this.revoked.has(jti) }),
  )
  #cseq = 0
  #ids = 0
  #nonces = 0

  constructor({ store, ...options }: Partial<RegistrarOptions> & { readonly store?: FakeStore } = {}) {
    this.store = store ?? new FakeStore()
    const write = (level: LogLine['level']) => (fields: object, message: string) => {
      this.log.push({ level, message, fields: { ...fields } })
    }
    this.registrar = createRegistrar({
      store: this.store,
      clock: this.clock,
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      bus: { publish: (message) => this.#publish(message) },
      users: () => (name) => {
        const password = this.passwords.get(name)
        return password === undefined ? undefined : { name, password }
      },
      realm: REALM,
      limits: { minExpires: 60_000, defaultExpires: 600_000, maxExpires: 3_600_000, nonceLifetime: 300_000 },
      pushProviders: () => this.pushProviders,
      ids: () => `id-${++this.#ids}`,
      authenticators: [
        createBearer({
          ...{ realm: REALM, clock: this.clock, uses: this.store },
          tokens: {
            verifyCall: async (token) => (await this.tokens).verifyCall(token),
            verifyClient: async (token) => (await this.tokens).verifyClient(token),
          },
          isUser: (name) => this.users.has(name),
        }),
      ],
      ...options,
    })
  }

  /** One REGISTER as it is, and its one answer. */
  async send(
    spec: RegisterSpec,
    respond: (final: Final) => Promise<void> = () => Promise.resolve(),
  ): Promise<Answer> {
    const answers: Final[] = []
    await this.registrar.register(
      transactionOf(spec, spec.cseq ?? ++this.#cseq, async (final) => {
        answers.push(final)
        await respond(final)
        this.order.push(`respond ${final.status}`)
      }),
    )
    const [answer] = answers
    if (!answer || answers.length > 1) throw new Error(`answered ${answers.length} times`)
    return new Answer(answer)
  }

  /** A REGISTER with the right credentials for a fresh challenge. */
  async register(spec: RegisterSpec): Promise<Answer> {
    return this.send({ ...spec, authorization: [await this.authorization(spec)] })
  }

  /** An Authorization value with a call token of this device, good for 30 s. */
  async callToken(deviceId: string, user = 'alice'): Promise<string> {
    const expiresAt = this.clock.now() + 30_000_000
    return `Bearer ${await (await this.tokens).mintCall({ callId: 'call-1', deviceId, user, expiresAt })}`
  }

  /** An Authorization value with a client token, good for an hour. */
  async clientToken(
    user: string,
    more: { readonly deviceId?: string; readonly grants?: Grants; readonly jti?: string } = {},
  ): Promise<string> {
    const expiresAt = this.clock.now() + 3_600_000_000
    const grants: Grants = { register: true }
    const claims = { client: `${user}-app`, user, grants, expiresAt, ...more }
    return `Bearer ${await (await this.tokens).mintClient(claims)}`
  }

  /** An Authorization value for a fresh challenge. */
  async authorization(spec: RegisterSpec): Promise<string> {
    const challenge = await this.challenge(spec)
    const username = spec.as ?? spec.user ?? 'alice'
    const password = spec.password ?? this.passwords.get(username) ?? ''
    return answerChallenge(challenge, { username, password, method: 'REGISTER', uri: `sip:${REALM}` })
  }

  async challenge(spec: RegisterSpec = {}): Promise<ReturnType<typeof readChallenge>> {
    const asked = await this.send({ ...spec, cseq: ++this.#nonces, authorization: [] })
    this.order.length = 0
    return readChallenge(asked.header('WWW-Authenticate') ?? '')
  }

  bindings(user = 'alice'): Promise<readonly Binding[]> {
    return this.store.bindingsOf(user, this.clock.now())
  }

  #publish(message: BusMessage): Promise<void> {
    this.order.push(`publish ${message.type}`)
    this.published.push(message)
    return Promise.resolve()
  }
}

function transactionOf(
  spec: RegisterSpec,
  cseq: number,
  respond: (final: Final) => Promise<void>,
): SipTransaction {
  const list = (value: string | readonly string[] | undefined): readonly string[] =>
    value === undefined ? [] : typeof value === 'string' ? [value] : value
  const callId = spec.callId ?? 'call-1'
  const headers: Readonly<Record<string, readonly string[]>> = {
    via: ['SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1'],
    to: [`<sip:${spec.user ?? 'alice'}@${REALM}>`],
    cseq: [`${cseq} REGISTER`],
    'user-agent': ['Phone/1.0'],
    contact: list(spec.contact),
    expires: list(spec.expires === undefined ? undefined : String(spec.expires)),
    authorization: spec.authorization ?? [],
    ...Object.fromEntries(
      Object.entries(spec.headers ?? {}).map(([name, value]) => [name.toLowerCase(), list(value)]),
    ),
  }
  const all = (name: string): readonly string[] => headers[name.toLowerCase()] ?? []
  return {
    method: 'REGISTER',
    uri: `sip:${REALM}`,
    callId,
    gateway: 'edge-1',
    source: spec.source ?? UDP,
    header: (name) => all(name)[0],
    headers: all,
    body: '',
    contentType: undefined,
    respond,
  }
}
