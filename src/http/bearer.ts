import type { FastifyRequest } from 'fastify'

/** The token of `Authorization: Bearer` (RFC 6750 §2.1); undefined where there is none. */
export function bearerOf(request: Pick<FastifyRequest, 'headers'>): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** Headers of a response that asks for another token (RFC 6750 §3). Nothing but `realm` where there was no token. */
export function bearerChallenge(
  error?: 'invalid_token' | 'insufficient_scope',
  scope?: string,
): Record<string, string> {
  const params = [
    'realm="reveille"',
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
  ]
  return { 'www-authenticate': `Bearer ${params.join(', ')}` }
}
