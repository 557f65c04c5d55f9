import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP, type AddressInfo } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { bearerChallenge, bearerOf } from './bearer.js'
import { Problem } from './problem.js'

export interface AdminGuardOptions {
  readonly token: string | undefined
  /** Where the server listens. */
  readonly addresses: () => readonly Pick<AddressInfo, 'address'>[]
}

/**
 * Lets a request to the admin API pass that has the token (RFC 6750 §2.1). Without a configured token whoever is on
 * this machine is the admin: the server must then listen on loopback only.
 */
export function adminGuard({ token, addresses }: AdminGuardOptions): (request: FastifyRequest) => void {
  if (token === undefined) return (request) => localOnly(request, addresses())
  const expected = digest(token)
  return (request) => {
    const given = bearerOf(request)
    if (given === undefined) {
      throw new Problem('unauthorized', 'The admin API needs the admin token.', {
        headers: bearerChallenge(),
      })
    }
    // Of equal length, so that the time of the comparison tells nothing of the token.
    if (!timingSafeEqual(digest(given), expected)) {
      throw new Problem('unauthorized', 'This is not the admin token.', {
        headers: bearerChallenge('invalid_token'),
      })
    }
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function localOnly(request: FastifyRequest, addresses: readonly Pick<AddressInfo, 'address'>[]): void {
  if (addresses.length === 0 || !addresses.every(({ address }) => isLoopback(address))) {
    throw new Problem('admin-disabled', 'The admin API is closed: http.admin-token is not configured.')
  }
  // Nor can a page of another site, whatever pages the API is open to: it needs no token that would keep it out.
  if (request.headers.origin !== undefined) {
    throw new Problem('admin-disabled', 'Without http.admin-token the admin API is not for web pages.')
  }
  // A web page can have its own name resolved to loopback, and ask from the browser of whoever works here.
  if (!isLoopback(request.hostname.replace(/^\[|\]$/g, ''))) {
    throw new Problem('admin-disabled', 'Without http.admin-token the admin API is for localhost only.')
  }
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host.toLowerCase() === 'localhost'
  return LOOPBACK.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}
