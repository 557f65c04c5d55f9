import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'
import type { Ending } from '../call/ending.js'
import type { Log } from '../ports/log.js'
import { createGauges, type GaugeSources } from './gauges.js'
import { intervalsOf } from './intervals.js'
import type { Timeline } from './timeline.js'

export interface Metrics {
  /** A call has ended. */
  ended(ending: Ending, timeline: Timeline): void
  /** An INVITE was refused with this status before it became a call. */
  refused(status: number): void
  /** A call of a client was refused for this reason. */
  outgoingRefused(reason: string): void
  /** A call was released with so many legs that never said that they closed. */
  leaked(legs: number): void
  /** Gauges are read from these at each scrape, in place of those of an earlier call. */
  watch(sources: GaugeSources): void
  /** Everything, in the Prometheus text format. Never rejects for a source that fails. */
  text(): Promise<string>
  readonly contentType: string
}

export interface MetricsOptions {
  readonly log: Log
  /** CPU, memory, event loop and garbage collection of the process; true without a choice. */
  readonly process?: boolean
}

/** From a push that is answered at once to a hold that nobody ends; seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120]

export function createMetrics({ log, process = true }: MetricsOptions): Metrics {
  const registry = new Registry()
  if (process) collectDefaultMetrics({ register: registry })
  const calls = new Counter({
    name: 'reveille_calls_total',
    help: 'Calls that have ended, by cause and by the side that ended them.',
    labelNames: ['cause', 'by'],
    registers: [registry],
  })
  const refused = new Counter({
    name: 'reveille_refused_total',
    help: 'INVITEs that were refused before they became calls, by status.',
    labelNames: ['status'],
    registers: [registry],
  })
  const outgoingRefused = new Counter({
    name: 'reveille_outgoing_refused_total',
    help: 'Calls of clients that were refused, by reason.',
    labelNames: ['reason'],
    registers: [registry],
  })
  const leaked = new Counter({
    name: 'reveille_leaked_legs_total',
    help: 'Legs of released calls that never said that they closed.',
    registers: [registry],
  })
  const stages = new Histogram({
    name: 'reveille_stage_seconds',
    help: 'Time that calls took from one stage to another; "wait" is until the final answer to the caller.',
    labelNames: ['stage'],
    buckets: BUCKETS,
    registers: [registry],
  })
  const readGauges = createGauges(registry)
  let sources: GaugeSources = {}
  return {
    ended({ cause, by }, timeline) {
      calls.inc({ cause, by })
      for (const [stage, us] of intervalsOf(timeline)) stages.observe({ stage }, us / 1e6)
    },
    refused: (status) => refused.inc({ status: String(status) }),
    outgoingRefused: (reason) => outgoingRefused.inc({ reason }),
    leaked: (legs) => leaked.inc(legs),
    watch(next) {
      sources = next
    },
    async text() {
      await readGauges(sources, log)
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}
