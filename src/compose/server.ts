/**
 * The composition root: this room alone knows which engine, database and push service stands behind which port.
 */
import { systemClock } from '../adapters/system/clock.js'
import type { WatchedConfig } from '../config/index.js'
import { createHttp } from '../http/index.js'
import { adminRoute } from '../http/routes/admin-route.js'
import { createJournal } from '../observe/journal.js'
import type { ServerLog } from '../observe/log.js'
import { createMetrics } from '../observe/metrics.js'
import { createObserver } from '../observe/observer.js'
import type { Tokens } from '../clients/tokens/tokens.js'
import type { Log } from '../ports/log.js'
import type { PushSender } from '../ports/push.js'
import type { ListeningPoint, SignalingHandlers } from '../ports/signaling.js'
import type { Store } from '../ports/store.js'
import type { Authenticator } from '../registrar/auth/authenticator.js'
import { createBearer } from '../registrar/auth/bearer.js'
import { createRegistrar, type Registrar } from '../registrar/registrar.js'
import { routingConfig } from '../routing/from-config.js'
import { createRouter } from '../routing/router.js'
import { createSleepers } from '../routing/sleepers.js'
import { routingTable } from '../routing/table-of.js'
import { Calls } from '../runtime/calls.js'
import { explainRoute } from '../runtime/explain-route.js'
import { version } from '../version.js'
import { createWaker } from '../wake/waker.js'
import { ALONE, type Beside } from './beside.js'
import { LateChannels, openClients } from './clients.js'
import { openDatabase, type Shared } from './database.js'
import { every, FORGET_MS } from './housekeeping.js'
import { LateForwarding } from './forwarding.js'
import { openInstructions } from './instructions.js'
import { assembled, type Lifetime } from './lifetime.js'
import { startMedia } from './media.js'
import { openRegions } from './regions.js'
import { openNotifier, openPresence } from './presence.js'
import { PushServices } from './push.js'
import { openDigest, openOutgoing, passwords } from './outgoing.js'
import { readinessOf } from './readiness.js'
import { callSettings, gatewayRegion, openSignaling, sipGauges, startSip } from './sip.js'
import { openTokens } from './tokens.js'
import { uuid } from '../uuid.js'

/** What the journal may take to write the last rows at shutdown. */
const LAST_ROWS_MS = 5_000

export interface Server {
  /** Where SIP is listened for, by the servers that were reached so far. */
  readonly sip: readonly ListeningPoint[]
  readonly http: { readonly host: string; readonly port: number }
  /** No new calls; resolves when the live ones have ended, within the configured time. */
  drain(): Promise<void>
  /** Ends live calls now. */
  endCalls(): void
  /** Stops the embedded engines of a region, as its loss would; what of calls is on them ends. */
  stopRegion(name: string): Promise<void>
  close(): Promise<void>
}

/** Starts everything; resolves when calls can come. Rejects, with nothing left open, where a part cannot start. */
export function startServer(watched: WatchedConfig, log: ServerLog, beside: Beside = ALONE): Promise<Server> {
  return assembled((life) => assemble(watched, log, beside, life))
}

async function assemble(
  watched: WatchedConfig,
  log: ServerLog,
  beside: Beside,
  life: Lifetime,
): Promise<Server> {
  const config = watched.current()
  const clock = systemClock
  const opened = await openDatabase(config.database, log, life)
  const shared = { ...opened, bus: beside.bus(opened.bus) }
  const { store, bus } = shared
  const journal = createJournal({ store, clock, log })
  life.onClose(() => journal.close(LAST_ROWS_MS))
  const metrics = createMetrics({ log })
  const observer = createObserver({ journal, metrics, log })
  const senders = await openSenders(watched, log, life)
  const channels = new LateChannels(config.database.engine === 'postgres')
  const waker = life.own(createWaker({ senders, channels, store, bus, clock, log }))
  const { tokens, revocations } = await openTokens(config.tokens, shared, log, life)
  const digest = openDigest(watched, shared.nonceSecret)
  const registrar = life.own(openRegistrar(watched, shared, digest, senders, tokens, log))
  const sip = await startSip(config, log)
  for (const server of sip.servers.values()) life.own(server)
  const { media, engines } = await startMedia(config, sip.control, log)
  life.own(media)

  life.onClose(watched.subscribe((now) => (log.level = now.log.level)))
  const table = currentTable(watched, life)
  const sleepers = createSleepers(clock)
  const presence = openPresence(watched, shared, log, life)
  const { domain } = config.sip
  const router = createRouter({ table, store, sleepers, clock, presence, domain })
  const instructions = openInstructions(watched, presence, log, life)
  let url = config.http.publicUrl
  const api = (): string => url ?? ''
  const { regions, ...open } = openRegions(
    { watched, sip, media, engines, signaling: () => signaling, store, waker, api, log },
    life,
  )
  let connected = (): void => undefined
  const embeddedConnected = new Promise<void>((resolve) => {
    connected = () => {
      if (signaling.gateways.every(({ up }) => up)) resolve()
    }
  })
  const handlers: SignalingHandlers = {
    invite: (call) => calls.invite(call),
    register: (request) => void registrar.register(request),
    options: (request) => calls.options(request),
    subscribe: (subscription) => notifier.subscribe(subscription),
    other: (request) => calls.other(request),
    gatewayLost: (gateway) => {
      calls.gatewayLost(gateway)
      open.gatewaysChanged()
    },
    gatewayUp: () => {
      connected()
      open.gatewaysChanged()
    },
  }
  const signaling = life.own(openSignaling(sip, handlers, clock, log))
  const notifier = openNotifier({ watched, presence, table, tokens, revocations, digest, log }, life)
  const listening = (): readonly ListeningPoint[] =>
    signaling.gateways.flatMap((gateway) => gateway.listening)
  const settings = callSettings(config.sip, api, [...config.trunks.values()][0]?.tone ?? 'us')
  const forwarding = new LateForwarding()
  const { outgoing, calling } = openOutgoing({ watched, tokens, digest, table, metrics, log })
  const calls = life.own(
    new Calls({
      signaling,
      media,
      router,
      table,
      sleepers,
      regions,
      waker,
      forwarding,
      instructions,
      calling,
      tokens,
      clock,
      log,
      observer,
      settings,
    }),
  )
  life.onClose(bus.subscribe((message) => calls.heard(message)))
  life.onClose(calls.onUserCalls((user, most) => presence.inCall(user, most > 0)))
  life.onClose(every(FORGET_MS, () => forgetExpired(registrar, store), log))
  // An embedded server is a matter of milliseconds; one of somebody else's may be away, and /readyz says so.
  if (sip.servers.size > 0 || beside.servesSip) await embeddedConnected
  open.gatewaysChanged()

  const clients = openClients(
    {
      ...{ shared, watched, tokens, revocations, calls, signaling, table, outgoing, presence },
      ...{ forwarding, senders, channels, log, api },
    },
    life,
  )
  metrics.watch({
    calls: () => calls.gauges,
    media: () => media.gauges(),
    gateways: () => signaling.gateways,
    journal: () => ({ pending: journal.pending(), lost: journal.lost() }),
    pushes: () => waker.pending,
    clients: clients.gauges,
    presence: () => ({ ...presence.gauges, subscriptions: notifier.size }),
    ...(sip.servers.size === 0 ? {} : { sip: sipGauges([...sip.servers.values()]) }),
  })
  const http = life.own(
    createHttp({
      ...config.http,
      ...{ store, log, version },
      ...(beside.http === undefined ? {} : { handed: beside.http }),
      metrics: { contentType: metrics.contentType, text: beside.metrics(() => metrics.text()) },
      live: () => calls.gauges,
      readiness: async () => beside.readiness(await readinessOf(store, media, signaling, calls.draining)),
      clients: {
        ...clients.api,
        routes: [
          ...clients.api.routes,
          adminRoute((question) => explainRoute({ regions, table, router }, question)),
        ],
      },
    }),
  )
  life.onClose(() => clients.close())
  const { address: host, port } = await http.listen()
  url ??= `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    get sip() {
      return listening()
    },
    http: { host, port },
    drain: () => calls.drain(watched.current().drain.timeout),
    endCalls: () => calls.endAll(),
    stopRegion: (name) => open.stop(name),
    close: () => life.close(),
  }
}

async function openSenders(
  watched: WatchedConfig,
  log: Log,
  life: Lifetime,
): Promise<ReadonlyMap<string, PushSender>> {
  const services = life.own(new PushServices())
  await services.use(watched.current())
  const stop = watched.subscribe((config, applied) => {
    if (!applied.includes('push')) return
    services
      .use(config)
      .catch((error: unknown) => log.error({ err: error }, 'the push services could not be reloaded'))
  })
  life.onClose(stop)
  return services.senders
}

function openRegistrar(
  watched: WatchedConfig,
  { store, bus }: Shared,
  digest: Authenticator,
  senders: ReadonlyMap<string, PushSender>,
  tokens: Tokens,
  log: Log,
): Registrar {
  const { domain, registration } = watched.current().sip
  const isUser = (name: string): boolean => watched.current().users.has(name)
  return createRegistrar({
    ...{ store, bus, digest, clock: systemClock, log, ids: uuid },
    realm: domain,
    regionOf: gatewayRegion(watched.current()),
    authenticators: [createBearer({ realm: domain, tokens, uses: store, isUser, clock: systemClock })],
    limits: registration,
    pushProviders: () => new Set(senders.keys()),
    users: () => passwords(watched),
  })
}

async function forgetExpired(registrar: Registrar, store: Pick<Store, 'dropUses'>): Promise<void> {
  await registrar.forgetExpired()
  await store.dropUses(systemClock.now())
}

/** The routing table of the configuration in force. */
function currentTable(watched: WatchedConfig, life: Lifetime): () => ReturnType<typeof routingTable> {
  let table = routingTable(routingConfig(watched.current()))
  life.onClose(watched.subscribe((config) => (table = routingTable(routingConfig(config)))))
  return () => table
}
