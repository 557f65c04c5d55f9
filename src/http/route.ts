import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from './problem.js'

/** What a handler returns is sent as JSON, a text as it is; what it throws becomes a problem. */
export type Handler = (request: FastifyRequest, reply: FastifyReply) => object | Promise<object | string>

/** One resource and what can be done to it. */
export interface Route {
  /** `/v1/things/:id` */
  readonly url: string
  /** Who may; throws a {@link Problem}. Everybody where there is none. */
  readonly guard?: (request: FastifyRequest) => void
  readonly methods: Readonly<Record<string, Handler>>
}

/** Adds the route, and a 405 with Allow for every other method (RFC 9110 §15.5.6). */
export function addRoute(app: FastifyInstance, { url, guard, methods }: Route): void {
  for (const [method, handler] of Object.entries(methods)) {
    app.route({
      method,
      url,
      handler,
      // Before the body is read.
      ...(guard === undefined
        ? {}
        : {
            onRequest: (request, _reply, done) => {
              guard(request)
              done()
            },
          }),
    })
  }
  const allowed = [...Object.keys(methods), ...('GET' in methods ? ['HEAD'] : [])]
  app.route({
    method: app.supportedMethods.filter((method) => !allowed.includes(method)),
    url,
    onRequest: (request, _reply, done) => {
      guard?.(request)
      done(new Problem('method-not-allowed', undefined, { allow: allowed.join(', ') }))
    },
    handler: () => {
      throw new Error('a hook has refused the request before')
    },
  })
}
