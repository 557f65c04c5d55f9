import { z } from 'zod'
import { operation } from '../operation.js'
import type { Route } from '../route.js'

export interface Readiness {
  readonly ready: boolean
  /** Each part of the server: `up`, or `down: why`. */
  readonly parts: Readonly<Record<string, 'up' | `down: ${string}`>>
}

const readinessSchema = z
  .object({
    ready: z.boolean(),
    parts: z.record(z.string(), z.string()).describe('Each part of the server: `up`, or `down: ` and why.'),
  })
  .meta({ id: 'Readiness' })

/** Whether calls can be sent here: 200 or 503, with the state of each part. */
export function readyz(readiness: () => Promise<Readiness>): Route {
  const get = operation({
    id: 'readiness',
    tag: 'server',
    summary: 'Whether calls can be sent here',
    security: 'none',
    responses: {
      200: { description: 'They can.', json: readinessSchema },
      503: { description: 'They cannot: a part is down, or the server is ending.', json: readinessSchema },
    },
    async handle() {
      const body = await readiness()
      return { status: body.ready ? 200 : 503, headers: { 'cache-control': 'no-store' }, body }
    },
  })
  return { url: '/readyz', methods: { GET: get } }
}
