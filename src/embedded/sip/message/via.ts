import { hostPort } from './uri.js'
import { formatParams, parseNumber, parseParams, type Params } from './values.js'

/** One Via value (RFC 3261 §20.42). */
export interface Via {
  /** Upper case: UDP, TCP, TLS, WS, WSS. */
  readonly transport: string
  readonly host: string
  readonly port?: number
  readonly params: Params
}

const SENT =
  /^\s*SIP\s*\/\s*2\.0\s*\/\s*([A-Za-z0-9-]+)\s+(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))\s*(?::\s*([0-9]+))?\s*(;[\s\S]*)?$/i

export function parseVia(value: string): Via | undefined {
  const match = SENT.exec(value)
  const transport = match?.[1]
  const host = match?.[2] ?? match?.[3]
  const params = match?.[5] === undefined ? (new Map() as Params) : parseParams(match[5])
  if (transport === undefined || host === undefined || !params) return undefined
  const port = match?.[4] === undefined ? undefined : parseNumber(match[4], 65_535)
  if (match?.[4] !== undefined && port === undefined) return undefined
  return { transport: transport.toUpperCase(), host, ...(port !== undefined && { port }), params }
}

export function formatVia(via: Via): string {
  return `SIP/2.0/${via.transport} ${hostPort(via.host, via.port)}${formatParams(via.params)}`
}

/** Where a message came from, written into its top Via (RFC 3261 §18.2.1, RFC 3581 §4). */
export function stampVia(via: Via, source: { address: string; port: number }): Via {
  const params = new Map(via.params)
  params.set('received', source.address)
  // drachtio-server adds rport even where the client did not ask for it: answers then always pass NAT.
  params.set('rport', String(source.port))
  return { ...via, params }
}

/** The branches of RFC 3261 begin so (§8.1.1.7). */
export const BRANCH_COOKIE = 'z9hG4bK'
