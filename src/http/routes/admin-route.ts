import { z } from 'zod'
import { routeView, type RouteView } from '../../observe/route-view.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { Route } from '../route.js'

/** Undefined where no trunk is meant. */
type Explain = (question: { readonly from: string; readonly to: string }) => Promise<RouteView | undefined>

/** By which regions a call would go that is not made. */
export function adminRoute(explain: Explain): Route {
  const get = operation({
    id: 'adminExplainRoute',
    tag: 'admin',
    summary: 'By which regions a call would go',
    description:
      'Of this moment: what is up, what is registered where, and how loaded the media servers are. Nobody is called.',
    security: 'admin',
    query: z.strictObject({
      from: z.string().min(1).describe('A trunk, by its name or by an address that its calls come from.'),
      to: z.string().min(1).describe('The number or name that is called.'),
    }),
    responses: { 200: { description: 'The way, and why it is that one.', json: routeView } },
    problems: ['not-found', 'unavailable'],
    async handle({ query }) {
      const explanation = await explain(query)
      if (explanation === undefined) throw new Problem('not-found', `No trunk is ${query.from}.`)
      return { status: 200, body: explanation }
    },
  })
  return { url: '/v1/route', methods: { GET: get } }
}
