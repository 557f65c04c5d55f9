import { z } from 'zod'
import { viewCall } from '../../observe/views.js'
import type { CallStore } from '../../ports/store.js'
import { queryOf } from '../query.js'
import type { Route } from '../route.js'

/** What is open at the moment. */
export interface LiveCounts {
  readonly calls: number
  readonly legs: number
  readonly timers: number
  /** Calls by phase. */
  readonly byPhase: Readonly<Record<string, number>>
}

export interface AdminCallsOptions {
  readonly guard: NonNullable<Route['guard']>
  readonly store: Pick<CallStore, 'recentCalls'>
  readonly live: () => LiveCounts
}

const query = z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(50) })

/** The latest calls, newest first, and how many live. */
export function adminCalls({ guard, store, live }: AdminCallsOptions): Route {
  return {
    url: '/v1/admin/calls',
    guard,
    methods: {
      GET: async (request) => {
        const { limit } = queryOf(request, query)
        const calls = await store.recentCalls(limit)
        return { live: live(), calls: calls.map(viewCall) }
      },
    },
  }
}
