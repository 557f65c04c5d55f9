import type { Route } from '../route.js'

/** The process lives and its event loop turns. */
export function healthz(): Route {
  return { url: '/healthz', methods: { GET: () => ({ status: 'ok' }) } }
}
