import type { Route } from '../route.js'

export interface Readiness {
  readonly ready: boolean
  /** Each part of the server: `up`, or `down: why`. */
  readonly parts: Readonly<Record<string, 'up' | `down: ${string}`>>
}

/** Whether calls can be sent here: 200 or 503, with the state of each part. */
export function readyz(readiness: () => Promise<Readiness>): Route {
  return {
    url: '/readyz',
    methods: {
      GET: async (_request, reply) => {
        const now = await readiness()
        reply.code(now.ready ? 200 : 503).header('cache-control', 'no-store')
        return now
      },
    },
  }
}
