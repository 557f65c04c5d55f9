import { z } from 'zod'
import { operation } from '../operation.js'
import type { Route } from '../route.js'

/** The process lives and its event loop turns. */
export function healthz(): Route {
  const get = operation({
    id: 'health',
    tag: 'server',
    summary: 'Whether the process lives',
    security: 'none',
    responses: { 200: { description: 'It does.', json: z.object({ status: z.literal('ok') }) } },
    handle: () => ({ status: 200, body: { status: 'ok' as const } }),
  })
  return { url: '/healthz', methods: { GET: get } }
}
