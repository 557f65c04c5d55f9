import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { createSignaling } from '../../../src/adapters/drachtio/signaling.js'
import { systemClock } from '../../../src/adapters/system/clock.js'
import { loadTokenKeys } from '../../../src/clients/tokens/keys.js'
import { createTokens, type Tokens } from '../../../src/clients/tokens/tokens.js'
import { Phone } from '../../../src/demo/index.js'
import { type SipServer, startSipServer } from '../../../src/embedded/sip/index.js'
import type { PresenceService } from '../../../src/presence/service.js'
import type { SubscriptionLimits } from '../../../src/presence/sip/limits.js'
import { Notifier } from '../../../src/presence/sip/notifier.js'
import { createReadingGate } from '../../../src/presence/sip/reading-gate.js'
import { createDigest } from '../../../src/registrar/auth/digest.js'
import { presenceSite, type Site as PresenceSite } from '../support.js'

const DOMAIN = 'example.net'

export interface SipSite extends PresenceSite {
  readonly presence: PresenceService
  readonly notifier: Notifier
  readonly server: SipServer
  readonly tokens: Tokens
  /** Whether phones of 127.0.0.1 are of a trunk that may read. */
  trusted: boolean
  /** Whom the phones of a user may read. */
  readonly watches: Map<string, readonly string[]>
  readonly passwords: Map<string, string>
  /** Tokens by their id; the notifier is to be told. */
  readonly revoked: Set<string>
  phone(user: string, password?: string): Promise<Phone>
}

/** A SIP server with presence behind it. Bob’s password is `secret`; 7000 is alice's number. */
export async function sipSite(limits: Partial<SubscriptionLimits> = {}): Promise<SipSite> {
  const base = presenceSite()
  const { clock, log } = base
  const presence = base.node()
  const keys = await loadTokenKeys([], () => Promise.resolve(randomBytes(32)))
  const revoked = new Set<string>()
  const isRevoked = ({ jti }: { readonly jti: string }): boolean => revoked.has(jti)
  const tokens = createTokens({ keys, clock, revoked: isRevoked })
  const watches = new Map<string, readonly string[]>()
  const passwords = new Map([['bob', 'secret']])
  const digest = createDigest({
    ...{ realm: DOMAIN, clock, nonceLifetime: 300_000 },
    users: () => (name) => {
      const password = passwords.get(name)
      return password === undefined ? undefined : { name, password }
    },
  })
  const identify = createReadingGate({
    ...{ realm: DOMAIN, tokens, digest, revoked: isRevoked },
    passwordOf: (user) => passwords.get(user),
    trunkOf: () => (site.trusted ? 'pbx' : undefined),
    watchedBy: (user) => watches.get(user) ?? [],
  })
  const userOf = (called: string): string | undefined =>
    called === '7000' ? 'alice' : called === 'sales' ? undefined : called
  const notifier = new Notifier({
    ...{ presence, identify, userOf, clock, log },
    limits: { throttleMs: 30, lastMs: 20, ...limits },
  })
  const server = await startSipServer({
    control: {},
    listen: [{ protocol: 'udp', host: '127.0.0.1', port: 0 }],
  })
  onTestFinished(() => server.close())
  let up = (): void => undefined
  const connected = new Promise<void>((resolve) => (up = resolve))
  const quiet = (): void => undefined
  const signaling = createSignaling(
    [{ name: 'embedded', ...server.control }],
    {
      ...{ invite: quiet, register: quiet, options: quiet, other: quiet, gatewayLost: quiet },
      subscribe: (subscription) => notifier.subscribe(subscription),
      gatewayUp: () => up(),
    },
    systemClock,
    log,
  )
  onTestFinished(() => signaling.close())
  onTestFinished(() => notifier.close())
  await connected
  const [point] = signaling.gateways.flatMap(({ listening }) => listening)
  const proxy = { host: '127.0.0.1', port: point?.port ?? 0 }
  const site: SipSite = {
    ...base,
    ...{ presence, notifier, server, tokens, trusted: true, watches, passwords, revoked },
    async phone(user, password) {
      const phone = await Phone.open({
        ...{ user, domain: DOMAIN, proxy, protocol: 'udp' },
        ...(password === undefined ? {} : { credentials: { username: user, password } }),
      })
      onTestFinished(() => phone.close())
      return phone
    },
  }
  return site
}
