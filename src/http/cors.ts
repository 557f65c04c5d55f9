import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** How long a browser may remember the answer to its question, seconds. */
const MAX_AGE = 600

/**
 * Whether a web page of this origin (RFC 6454) may use the API.
 *
 * @param origins as configured: `https://app.example.com`, or `*` for any
 */
export function allowsOrigin(origins: readonly string[], origin: string): boolean {
  return origins.includes('*') || origins.includes(origin)
}

/** Lets pages of these origins use `/v1` from a browser: CORS (Fetch §3.2). No cookies are meant: tokens are headers. */
export function addCors(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers
    if (!request.url.startsWith('/v1/')) return
    // Caches must not give one page the answer to another.
    reply.header('vary', 'Origin')
    if (origin === undefined || !allowsOrigin(origins, origin)) return
    reply.header('access-control-allow-origin', origin)
    if (isPreflight(request)) return permit(reply)
    reply.header('access-control-expose-headers', 'WWW-Authenticate, Retry-After, Allow')
    return undefined
  })
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/** What a method needs besides is said when it is used. */
function permit(reply: FastifyReply): FastifyReply {
  return reply
    .code(204)
    .header('access-control-allow-methods', 'GET, PUT, POST, PATCH, DELETE')
    .header('access-control-allow-headers', 'Authorization, Content-Type')
    .header('access-control-max-age', String(MAX_AGE))
    .send()
}
