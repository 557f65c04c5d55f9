import type { Flow } from '../ports/store.js'

/**
 * Identity of the flow that a REGISTER came in on. The Call-ID belongs to it: a user agent keeps it for as long as
 * it runs (RFC 3261 §10.2), so one that restarted is on a new flow even behind the same address and port.
 */
export function flowIdentity(source: Flow, callId: string): string {
  return `${source.protocol.toLowerCase()}/${hostPort(source)};${callId}`
}

/**
 * The SIP URI that reaches a registered flow: the address that the REGISTER really came from (RFC 5626 §5.3,
 * RFC 3581 §4), which is not the one in the Contact where there is a NAT between.
 */
export function flowUri(source: Flow): string {
  return `sip:${hostPort(source)};transport=${source.protocol.toLowerCase()}`
}

/** Connections keep their own keep-alive (RFC 5626 §3.5.1); UDP would need STUN, which is not served. */
export function isConnection(source: Flow): boolean {
  return source.protocol.toLowerCase() !== 'udp'
}

function hostPort({ address, port }: Flow): string {
  return `${address.includes(':') && !address.startsWith('[') ? `[${address}]` : address}:${port}`
}
