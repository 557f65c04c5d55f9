import type { Metrics } from '../../observe/metrics.js'
import type { Route } from '../route.js'

export function metrics({ text, contentType }: Pick<Metrics, 'text' | 'contentType'>): Route {
  return {
    url: '/metrics',
    methods: {
      GET: async (_request, reply) => {
        reply.header('content-type', contentType)
        return await text()
      },
    },
  }
}
