import { Counter, Gauge, type Registry } from 'prom-client'
import type { Log } from '../ports/log.js'
import type { MediaGauges } from '../ports/media.js'
import type { SignalingGauges } from '../ports/signaling.js'

/** Where the gauges are read at each scrape; what a server does not have is left out. */
export interface GaugeSources {
  readonly calls?: () => {
    readonly legs: number
    readonly timers: number
    /** Live calls by phase of the call machine. */
    readonly byPhase: Readonly<Record<string, number>>
  }
  /** May reject: the gauges then have no value in this scrape. */
  readonly media?: () => Promise<MediaGauges>
  /** Of an embedded SIP server. `connections`: of its stream transports. */
  readonly sip?: () => SignalingGauges & { readonly connections?: number }
  readonly gateways?: () => readonly { readonly name: string; readonly up: boolean }[]
  readonly journal?: () => {
    readonly pending: number
    readonly lost: { readonly calls: number; readonly events: number }
  }
  /** Pushes without an outcome yet. */
  readonly pushes?: () => number
  /** Of this node. `greeting`: channels that have not said hello. */
  readonly clients?: () => {
    readonly channels: number
    readonly greeting: number
    readonly polls: number
    /** Devices that are being told of an invitation. */
    readonly invitations: number
  }
  /** `watched`: users whose presence is in memory. `present`: users with a channel. */
  readonly presence?: () => {
    readonly watched: number
    readonly present: number
    readonly subscriptions: number
  }
}

/** Phases that a call can be seen in; each has a sample even where no call is in it. */
const PHASES = ['routing', 'waiting', 'connecting', 'bridged', 'ended'] as const

/** Reads the sources into the registry. A source that fails leaves no sample rather than an old one. */
export type ReadGauges = (sources: GaugeSources, log: Log) => Promise<void>

type Read<T> = (values: T | undefined) => void

export function createGauges(registry: Registry): ReadGauges {
  const read: { readonly [S in keyof GaugeSources]-?: Read<ValuesOf<S>> } = {
    calls: callGauges(registry),
    media: mediaGauges(registry),
    sip: sipGauges(registry),
    gateways: gatewayGauges(registry),
    journal: journalGauges(registry),
    pushes: single(registry, 'reveille_pending_pushes', 'Pushes that have no outcome yet.'),
    clients: clientGauges(registry),
    presence: presenceGauges(registry),
  }
  return async (sources, log) => {
    const one = async <S extends keyof GaugeSources>(name: S): Promise<void> => {
      const values = await valuesOf(sources, name, log)
      ;(read[name] as Read<ValuesOf<S>>)(values)
    }
    await Promise.all((Object.keys(read) as (keyof GaugeSources)[]).map(one))
  }
}

type ValuesOf<S extends keyof GaugeSources> = Awaited<ReturnType<NonNullable<GaugeSources[S]>>>

async function valuesOf<S extends keyof GaugeSources>(
  sources: GaugeSources,
  name: S,
  log: Log,
): Promise<ValuesOf<S> | undefined> {
  try {
    return (await sources[name]?.()) as ValuesOf<S> | undefined
  } catch (error) {
    log.debug({ err: error, source: name }, 'a gauge could not be read')
    return undefined
  }
}

function single(registry: Registry, name: string, help: string): Read<number> {
  const gauge = new Gauge({ name, help, registers: [registry] })
  // A gauge begins with a sample of 0, which would say that there is a source.
  gauge.remove()
  return (value) => (value === undefined ? gauge.remove() : gauge.set(value))
}

function callGauges(registry: Registry): Read<ValuesOf<'calls'>> {
  const live = new Gauge({
    name: 'reveille_live_calls',
    help: 'Calls that are not released yet, by phase.',
    labelNames: ['phase'],
    registers: [registry],
  })
  const legs = single(registry, 'reveille_open_legs', 'Legs of calls that are open or opening.')
  const timers = single(registry, 'reveille_open_timers', 'Timers of calls that run.')
  return (values) => {
    live.reset()
    legs(values?.legs)
    timers(values?.timers)
    if (values === undefined) return
    for (const phase of PHASES) live.set({ phase }, values.byPhase[phase] ?? 0)
  }
}

function mediaGauges(registry: Registry): Read<ValuesOf<'media'>> {
  const endpoints = single(registry, 'reveille_media_endpoints', 'Media endpoints that are open.')
  const ports = single(registry, 'reveille_media_ports_in_use', 'RTP and RTCP ports that are taken.')
  const tones = single(registry, 'reveille_media_tones', 'Tones that are being played.')
  const timers = single(registry, 'reveille_media_timers', 'Timers of the media engine that run.')
  return (values) => {
    endpoints(values?.endpoints)
    ports(values?.portsInUse)
    tones(values?.tones)
    timers(values?.timers)
  }
}

function sipGauges(registry: Registry): Read<ValuesOf<'sip'>> {
  const transactions = single(registry, 'reveille_sip_transactions', 'SIP transactions that are open.')
  const dialogs = single(registry, 'reveille_sip_dialogs', 'SIP dialogs that are open.')
  const connections = single(registry, 'reveille_sip_connections', 'SIP connections (TCP) that are open.')
  const timers = single(registry, 'reveille_sip_timers', 'Timers of the SIP server that run.')
  return (values) => {
    transactions(values?.transactions)
    dialogs(values?.dialogs)
    connections(values?.connections)
    timers(values?.timers)
  }
}

function clientGauges(registry: Registry): Read<ValuesOf<'clients'>> {
  const channels = single(registry, 'reveille_client_channels', 'Channels of clients that are open.')
  const greeting = single(
    registry,
    'reveille_client_channels_greeting',
    'Connections of clients that have not said hello.',
  )
  const polls = single(registry, 'reveille_client_polls', 'Long polls of clients that wait.')
  const invitations = single(
    registry,
    'reveille_pending_invitations',
    'Devices that are being told of an invitation.',
  )
  return (values) => {
    channels(values?.channels)
    greeting(values?.greeting)
    polls(values?.polls)
    invitations(values?.invitations)
  }
}

function presenceGauges(registry: Registry): Read<ValuesOf<'presence'>> {
  const watched = single(registry, 'reveille_presence_watched', 'Users whose presence is kept in memory.')
  const present = single(registry, 'reveille_presence_present', 'Users with a channel here.')
  const subscriptions = single(
    registry,
    'reveille_presence_subscriptions',
    'Subscriptions to presence by SIP.',
  )
  return (values) => {
    watched(values?.watched)
    present(values?.present)
    subscriptions(values?.subscriptions)
  }
}

function gatewayGauges(registry: Registry): Read<ValuesOf<'gateways'>> {
  const up = new Gauge({
    name: 'reveille_gateway_up',
    help: 'Whether the SIP gateway is connected: 1 or 0.',
    labelNames: ['gateway'],
    registers: [registry],
  })
  return (values) => {
    up.reset()
    for (const gateway of values ?? []) up.set({ gateway: gateway.name }, gateway.up ? 1 : 0)
  }
}

function journalGauges(registry: Registry): Read<ValuesOf<'journal'>> {
  const pending = single(
    registry,
    'reveille_journal_pending_rows',
    'Rows of calls that wait to be written to the database.',
  )
  const lost = new Counter({
    name: 'reveille_journal_lost_rows_total',
    help: 'Rows of calls that were never written, by kind of row.',
    labelNames: ['kind'],
    registers: [registry],
  })
  return (values) => {
    pending(values?.pending)
    lost.reset()
    if (values === undefined) return
    lost.inc({ kind: 'call' }, values.lost.calls)
    lost.inc({ kind: 'event' }, values.lost.events)
  }
}
