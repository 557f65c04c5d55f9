import { z } from 'zod'
import { callView, viewCall } from '../../observe/views.js'
import type { CallStore } from '../../ports/store.js'
import { operation } from '../operation.js'
import type { Route } from '../route.js'

/** What is open at the moment. */
export interface LiveCounts {
  readonly calls: number
  readonly legs: number
  readonly timers: number
  /** Calls by phase. */
  readonly byPhase: Readonly<Record<string, number>>
}

const liveCounts = z.object({
  calls: z.int(),
  legs: z.int(),
  timers: z.int(),
  byPhase: z.record(z.string(), z.int()),
})

/** The latest calls, newest first, and how many live. */
export function adminCalls(store: Pick<CallStore, 'recentCalls'>, live: () => LiveCounts): Route {
  const get = operation({
    id: 'adminListCalls',
    tag: 'admin',
    summary: 'The latest calls, newest first, and what is open',
    description: 'Times are microseconds since 1970.',
    security: 'admin',
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(50) }),
    responses: {
      200: { description: 'The calls.', json: z.object({ live: liveCounts, calls: z.array(callView) }) },
    },
    problems: ['unavailable'],
    async handle({ query: { limit } }) {
      const calls = await store.recentCalls(limit)
      return { status: 200, body: { live: live(), calls: calls.map(viewCall) } }
    },
  })
  return { url: '/v1/admin/calls', methods: { GET: get } }
}
