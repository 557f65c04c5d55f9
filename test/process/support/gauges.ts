import { until } from './poll.js'

/** Samples of /metrics by name and labels, as they stand there. */
export async function samplesOf(url: string): Promise<ReadonlyMap<string, number>> {
  return parse(await scrape(url)).samples
}

/** Gauges of what is there as long as the server runs, or as its clients wish: no call holds any of it. */
const STANDING = new Set([
  'reveille_gateway_up',
  'reveille_client_channels',
  'reveille_client_polls',
  // A client counts as present for a while after its channel is gone.
  'reveille_presence_present',
  'reveille_presence_watched',
  'reveille_presence_subscriptions',
])

/** What must be among the gauges: without it, nothing open would mean nothing. */
const KNOWN = [
  'reveille_live_calls{phase="bridged"}',
  'reveille_live_calls{phase="ended"}',
  'reveille_live_calls{phase="waiting"}',
  'reveille_journal_pending_rows',
  'reveille_media_endpoints',
  'reveille_media_ports_in_use',
  'reveille_media_timers',
  'reveille_media_tones',
  'reveille_open_legs',
  'reveille_open_timers',
  'reveille_pending_pushes',
]

/** What only the embedded SIP server has: a drachtio-server counts by itself. */
const OF_EMBEDDED_SIP = [
  'reveille_sip_connections',
  'reveille_sip_dialogs',
  'reveille_sip_timers',
  'reveille_sip_transactions',
]

/**
 * What an INVITE leaves open for 64·T1 that went to a phone which sleeps: without a provisional response it cannot be
 * cancelled (RFC 3261 §9.1).
 */
const LINGERING = new Set([
  'reveille_live_calls{phase="ended"}',
  'reveille_open_legs',
  'reveille_open_timers',
  'reveille_sip_dialogs',
  'reveille_sip_timers',
  'reveille_sip_transactions',
])

export interface Quietly {
  readonly but?: 'nothing' | 'unanswered'
  readonly withinMs?: number
  /** Who carries SIP; default `embedded`. */
  readonly sip?: 'embedded' | 'drachtio'
}

/** All gauges of the server that count something open. */
export async function openGauges(
  url: string,
  sip: Quietly['sip'] = 'embedded',
): Promise<ReadonlyMap<string, number>> {
  const { samples, types } = parse(await scrape(url))
  const open = [...samples].filter(([sample]) => {
    const name = sample.split('{', 1)[0] ?? ''
    return name.startsWith('reveille_') && types.get(name) === 'gauge' && !STANDING.has(name)
  })
  const known = [...KNOWN, ...(sip === 'embedded' ? OF_EMBEDDED_SIP : [])]
  const missing = known.filter((name) => !samples.has(name))
  if (missing.length > 0) throw new Error(`/metrics does not have ${missing.join(', ')}`)
  return new Map(open)
}

/** Resolves when nothing is open; with `but: 'unanswered'`, nothing but INVITEs that nobody answers. */
export async function untilQuiet(
  url: string,
  { but = 'nothing', withinMs = 10_000, sip = 'embedded' }: Quietly = {},
): Promise<void> {
  let left: (readonly [string, number])[] = []
  const quiet = async (): Promise<boolean> => {
    const gauges = [...(await openGauges(url, sip))].filter(([, value]) => value !== 0)
    left = but === 'unanswered' ? gauges.filter(([name]) => !LINGERING.has(name)) : gauges
    return left.length === 0
  }
  await until('nothing is open', quiet, withinMs, () => `; still open: ${JSON.stringify(left)}`)
}

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`)
  if (!response.ok) throw new Error(`/metrics got ${response.status}`)
  return response.text()
}

function parse(text: string): { samples: Map<string, number>; types: Map<string, string> } {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (name !== undefined && type !== undefined) types.set(name, type)
    const [, sample, value] = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? []
    if (sample !== undefined) samples.set(sample, Number(value))
  }
  return { samples, types }
}
