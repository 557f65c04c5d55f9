import type { Readiness } from '../http/index.js'
import type { Media } from '../ports/media.js'
import type { Signaling } from '../ports/signaling.js'
import type { Store } from '../ports/store.js'

type Word = Readiness['parts'][string]

/** Whether calls can come: the database, the media engine, and at least one SIP gateway answer. */
export async function readinessOf(
  store: Store,
  media: Media,
  signaling: Signaling,
  draining: boolean,
): Promise<Readiness> {
  const [database, engine] = await Promise.all([wordOf(() => store.ping()), wordOf(() => media.gauges())])
  const gateways = signaling.gateways.map(({ name, up }): [string, Word] => [
    `sip:${name}`,
    up ? 'up' : 'down: not connected',
  ])
  const { servers } = media
  const each = servers.length < 2 ? [] : servers
  const parts: Record<string, Word> = {
    database,
    media: engine,
    ...Object.fromEntries(each.map(({ name, up }) => [`media:${name}`, up ? 'up' : 'down: away'] as const)),
    ...Object.fromEntries(gateways),
    ...(draining ? { calls: 'down: shutting down' } : {}),
  }
  const reachable = signaling.gateways.some(({ up }) => up)
  return { ready: database === 'up' && engine === 'up' && reachable && !draining, parts }
}

async function wordOf(ask: () => Promise<unknown>): Promise<Word> {
  try {
    await ask()
    return 'up'
  } catch (error) {
    return `down: ${error instanceof Error ? error.message : String(error)}`
  }
}
