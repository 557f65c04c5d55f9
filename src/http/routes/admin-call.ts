import { z } from 'zod'
import { callDetailView, viewCallDetail } from '../../observe/views.js'
import type { CallStore } from '../../ports/store.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { Route } from '../route.js'

/** One call: its record, its timeline and its journal. */
export function adminCall(store: Pick<CallStore, 'call'>): Route {
  const get = operation({
    id: 'adminGetCall',
    tag: 'admin',
    summary: 'One call: its record, its timeline and its journal',
    description: 'Times are microseconds since 1970, those of the stages since the INVITE.',
    security: 'admin',
    params: z.object({ id: z.string() }),
    responses: { 200: { description: 'The call.', json: callDetailView } },
    problems: ['not-found', 'unavailable'],
    async handle({ params: { id } }) {
      // A database may refuse to look for what no id can be.
      const found = /^[\w.~-]+$/.test(id) ? await store.call(id) : null
      if (found === null) throw new Problem('not-found', `There is no call ${id}.`)
      return { status: 200, body: viewCallDetail(found.call, found.events) }
    },
  })
  return { url: '/v1/admin/calls/:id', methods: { GET: get } }
}
