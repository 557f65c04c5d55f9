import type { Metrics } from '../../observe/metrics.js'
import { operation } from '../operation.js'
import type { Route } from '../route.js'

export function metrics({ text, contentType }: Pick<Metrics, 'text' | 'contentType'>): Route {
  const get = operation({
    id: 'metrics',
    tag: 'server',
    summary: 'Metrics for Prometheus',
    security: 'none',
    responses: { 200: { description: 'In the text format of Prometheus.', text: 'text/plain' } },
    handle: async () => ({ status: 200, headers: { 'content-type': contentType }, body: await text() }),
  })
  return { url: '/metrics', methods: { GET: get } }
}
