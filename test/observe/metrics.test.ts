import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/observe/metrics.js'
import { timelineOf } from '../../src/observe/timeline.js'
import { RecordingLog } from '../wake/recording-log.js'
import { hungUp, wokenCall } from './support/course.js'

function metricsOnly() {
  const log = new RecordingLog()
  const metrics = createMetrics({ log, process: false })
  const lines = async () => (await metrics.text()).split('\n').filter((line) => !line.startsWith('#'))
  return { metrics, log, lines }
}

describe('metrics', () => {
  it('count calls by cause and side, and refused INVITEs by status', async () => {
    const { metrics, lines } = metricsOnly()
    metrics.ended(hungUp, timelineOf(wokenCall()))
    metrics.ended(hungUp, timelineOf(wokenCall()))
    metrics.refused(403)
    metrics.leaked(2)
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'reveille_calls_total{cause="hung-up",by="caller"} 2',
        'reveille_refused_total{status="403"} 1',
        'reveille_leaked_legs_total 2',
      ]),
    )
  })

  it('measure the stages of a call in seconds', async () => {
    const { metrics, lines } = metricsOnly()
    metrics.ended(hungUp, timelineOf(wokenCall()))
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'reveille_stage_seconds_sum{stage="push_sent_to_registered"} 0.49875',
        'reveille_stage_seconds_bucket{le="0.25",stage="push_sent_to_registered"} 0',
        'reveille_stage_seconds_bucket{le="0.5",stage="push_sent_to_registered"} 1',
        'reveille_stage_seconds_count{stage="wait"} 1',
        'reveille_stage_seconds_sum{stage="invite_to_bridged"} 3.02',
      ]),
    )
  })

  it('read their gauges at each scrape', async () => {
    const { metrics, lines } = metricsOnly()
    let legs = 4
    metrics.watch({
      calls: () => ({ legs, timers: 3, byPhase: { waiting: 2 } }),
      media: () => Promise.resolve({ endpoints: 4, portsInUse: 8, tones: 2, timers: 1 }),
      sip: () => ({ transactions: 5, dialogs: 6, timers: 7, connections: 9 }),
      gateways: () => [
        { name: 'local', up: true },
        { name: 'far', up: false },
      ],
      journal: () => ({ pending: 10, lost: { calls: 1, events: 12 } }),
      pushes: () => 13,
      clients: () => ({ channels: 14, greeting: 15, polls: 16, invitations: 17 }),
      presence: () => ({ watched: 18, present: 19, subscriptions: 20 }),
    })
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'reveille_live_calls{phase="waiting"} 2',
        'reveille_live_calls{phase="bridged"} 0',
        'reveille_open_legs 4',
        'reveille_open_timers 3',
        'reveille_media_endpoints 4',
        'reveille_media_ports_in_use 8',
        'reveille_media_tones 2',
        'reveille_media_timers 1',
        'reveille_sip_transactions 5',
        'reveille_sip_dialogs 6',
        'reveille_sip_timers 7',
        'reveille_sip_connections 9',
        'reveille_gateway_up{gateway="local"} 1',
        'reveille_gateway_up{gateway="far"} 0',
        'reveille_journal_pending_rows 10',
        'reveille_journal_lost_rows_total{kind="call"} 1',
        'reveille_journal_lost_rows_total{kind="event"} 12',
        'reveille_pending_pushes 13',
        'reveille_client_channels 14',
        'reveille_client_channels_greeting 15',
        'reveille_client_polls 16',
        'reveille_pending_invitations 17',
        'reveille_presence_watched 18',
        'reveille_presence_present 19',
        'reveille_presence_subscriptions 20',
      ]),
    )
    legs = 0
    expect(await lines()).toContain('reveille_open_legs 0')
  })

  it('give no value, rather than an old one, for an engine that is away', async () => {
    const { metrics, log, lines } = metricsOnly()
    let away = false
    metrics.watch({
      media: () =>
        away
          ? Promise.reject(new Error('the engine is away'))
          : Promise.resolve({ endpoints: 4, portsInUse: 8, tones: 2, timers: 1 }),
    })
    expect(await lines()).toContain('reveille_media_endpoints 4')
    away = true
    expect((await lines()).filter((line) => line.startsWith('reveille_media'))).toEqual([])
    expect(log.at('debug')).toMatchObject([{ fields: { source: 'media' } }])
  })

  it('have help, type and the names that Prometheus asks for', async () => {
    const { metrics } = metricsOnly()
    const text = await metrics.text()
    expect(text).toContain('# TYPE reveille_stage_seconds histogram')
    expect(text).toContain('# HELP reveille_calls_total Calls that have ended')
    expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/)
    const counters = [...text.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name]) => name)
    expect(counters.length).toBeGreaterThan(0)
    expect(counters.filter((name) => name?.endsWith('_total') !== true)).toEqual([])
  })

  it('tell of the process too', async () => {
    const metrics = createMetrics({ log: new RecordingLog() })
    expect(await metrics.text()).toContain('process_resident_memory_bytes')
  })
})
