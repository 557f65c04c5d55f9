import { contactUri, type SipMessage } from '../message/message.js'
import { parseNameAddr } from '../message/name-addr.js'
import { hostPort, parseUri } from '../message/uri.js'
import { isPrivateIPv4 } from '../transport/local-address.js'
import type { Flow } from '../transport/transport.js'

/**
 * Where to send the requests of a dialog instead of where it says, because a NAT stands between; undefined
 * where the dialog's own target and routes will do. The rules are those of drachtio-server: on datagrams, a
 * caller whose Contact is not where its INVITE came from, and no proxy between.
 */
export function callerOverride(invite: SipMessage, flow: Flow): string | undefined {
  if (flow.point.reliable || invite.headers.has('record-route')) return undefined
  const contact = parseUri(contactUri(invite) ?? '')
  if (!contact) return undefined
  const sameHost = contact.host === flow.remote.address
  const samePort = contact.port === undefined || contact.port === flow.remote.port
  return sameHost && samePort ? undefined : seenAt(flow)
}

/** The same for a callee: a proxy at a private address, or a Contact at another host than the answer's. */
export function calleeOverride(
  answer: SipMessage,
  flow: Flow,
  routes: readonly string[],
): string | undefined {
  const firstRoute = routes[0] === undefined ? undefined : parseNameAddr(routes[0])?.uri
  if (firstRoute !== undefined) {
    const proxy = parseUri(firstRoute)
    return proxy && isPrivateIPv4(proxy.host) && proxy.host !== flow.remote.address ? seenAt(flow) : undefined
  }
  const contact = parseUri(contactUri(answer) ?? '')
  return contact && contact.host !== flow.remote.address ? seenAt(flow) : undefined
}

function seenAt(flow: Flow): string {
  const transport = flow.point.protocol === 'udp' ? '' : `;transport=${flow.point.protocol}`
  return `sip:${hostPort(flow.remote.address, flow.remote.port)}${transport}`
}
