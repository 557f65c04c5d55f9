import { viewCallDetail } from '../../observe/views.js'
import type { CallStore } from '../../ports/store.js'
import { Problem } from '../problem.js'
import { parameterOf } from '../query.js'
import type { Route } from '../route.js'

export interface AdminCallOptions {
  readonly guard: NonNullable<Route['guard']>
  readonly store: Pick<CallStore, 'call'>
}

/** One call: its record, its timeline and its journal. */
export function adminCall({ guard, store }: AdminCallOptions): Route {
  return {
    url: '/v1/admin/calls/:id',
    guard,
    methods: {
      GET: async (request) => {
        const id = parameterOf(request, 'id')
        // A database may refuse to look for what no id can be.
        const found = /^[\w.~-]+$/.test(id) ? await store.call(id) : null
        if (found === null) throw new Problem('not-found', `There is no call ${id}.`)
        return viewCallDetail(found.call, found.events)
      },
    },
  }
}
