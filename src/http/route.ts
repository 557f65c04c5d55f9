import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readInput } from './input.js'
import type { Operation } from './operation.js'
import { Problem } from './problem.js'
import type { Gatekeeper, Identity } from './security.js'

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'

/** One resource and what can be done to it. */
export interface Route {
  /** `/v1/things/:id` */
  readonly url: string
  readonly methods: Readonly<Partial<Record<Method, Operation>>>
}

/** Adds the route, and a 405 with Allow for every other method (RFC 9110 §15.5.6). */
export function addRoute(app: FastifyInstance, { url, methods }: Route, admit: Gatekeeper): void {
  const identities = new WeakMap<FastifyRequest, Identity>()
  for (const [method, operation] of Object.entries(methods)) {
    app.route({
      method,
      url,
      // Before the body is read.
      onRequest: async (request) => {
        identities.set(request, await admit(request, operation))
      },
      handler: (request, reply) => perform(operation, request, reply, identities.get(request)),
    })
  }
  const [first] = Object.values(methods)
  const allowed = [...Object.keys(methods), ...('GET' in methods ? ['HEAD'] : [])]
  app.route({
    method: app.supportedMethods.filter((method) => !allowed.includes(method)),
    url,
    onRequest: async (request) => {
      // What can be done to it is told to those only who may do something to it.
      if (first !== undefined) await admit(request, { security: first.security })
      throw new Problem('method-not-allowed', undefined, { headers: { allow: allowed.join(', ') } })
    },
    handler: () => {
      throw new Error('a hook has refused the request before')
    },
  })
}

async function perform(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  identity: Identity | undefined,
): Promise<FastifyReply> {
  if (identity === undefined) throw new Error('nobody was let in')
  const { status, headers, body } = await operation.handle({
    params: readInput(operation.params, 'path', request.params),
    query: readInput(operation.query, 'query', request.query),
    body: readInput(operation.body, 'body', request.body),
    identity,
    signal: goneSignal(reply),
  })
  // What one who has proven who it is was told is for nobody else.
  if (identity.scheme !== 'none') reply.header('cache-control', 'no-store')
  return reply
    .code(status)
    .headers(headers ?? {})
    .send(body)
}

/** Aborts when the connection closes before the response was sent. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return gone.signal
}
