import { type FastifyInstance, fastify } from 'fastify'
import type { Log } from '../ports/log.js'
import { addCors } from './cors.js'
import { problemOf, refuseUnparsable, sendProblem } from './errors.js'
import { Problem } from './problem.js'
import { addRoute, type Route } from './route.js'
import type { Gatekeeper } from './security.js'

/** Bytes of a body; the largest that we take is an SDP in JSON. */
const BODY_LIMIT = 256 * 1024
/** Milliseconds that a client may take to send its request, against those who hold connections open. */
const REQUEST_TIMEOUT = 30_000

/**
 * The routes, with every error as an RFC 9457 problem.
 *
 * @param origins of web pages that may use them from a browser
 */
export function httpApp(
  routes: readonly Route[],
  admit: Gatekeeper,
  log: Log,
  origins: readonly string[] = [],
): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT,
    // A request that came in before the end is still answered.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    clientErrorHandler: refuseUnparsable,
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply, problemOf(error, request, log))
    },
  })
  // Bodies are JSON; any other text would only be a field error in disguise.
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler((error, request, reply) => sendProblem(reply, problemOf(error, request, log)))
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new Problem('not-found', `There is nothing at ${pathOf(request.url)}.`)),
  )
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url, ip } = request
    log.debug({ method, url, ip, status: reply.statusCode, ms: reply.elapsedTime }, 'HTTP request')
    done()
  })
  addCors(app, origins)
  for (const route of routes) addRoute(app, route, admit)
  return app
}

/** Without the query, which may hold what is not to be repeated. */
function pathOf(url: string): string {
  return url.split('?')[0] ?? url
}
